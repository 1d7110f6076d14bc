// What each request takes, and what it is called in the audit trail.
extension APIRequest {
    /// The least role that may ask for it.
    package var neededRole: OperatorRole {
        switch self {
        case .get, .events, .alerts, .plan, .version, .sources, .trace, .history, .inventory: .view
        case .source(let request): [.add, .remove].contains(request.verb) ? .administer : .operate
        case .apply(let request): request.dryRun ? .view : request.declares == nil ? .operate : .administer
        case .declare(let request): request.dryRun ? .view : .administer
        case .delete, .rollout, .setLevel, .handleAlerts: .operate
        case .createToken, .setLabels, .forgetDevice, .readmitDevice, .evictDevice: .administer
        case .authority(let request): request.rotate ? .administer : .view
        case .addOperator, .operators, .removeOperator, .audit, .verifyAudit: .administer
        }
    }

    /// Whether it is for those alone whose rights are for the whole fleet.
    package var needsWholeFleet: Bool {
        switch self {
        case .addOperator, .operators, .removeOperator, .audit, .verifyAudit, .authority: true
        case .declare, .inventory: true
        case .apply(let request): request.declares != nil
        case .plan(let request): request.declares != nil
        default: false
        }
    }

    /// Whether it changes something, and so has a line in the audit trail whatever comes of it.
    package var isChange: Bool {
        switch self {
        case .get, .events, .alerts, .plan, .version, .operators, .audit, .verifyAudit, .sources, .trace, .history,
            .inventory:
            false
        case .declare(let request): !request.dryRun
        case .apply(let request): !request.dryRun
        case .delete, .rollout, .setLevel, .handleAlerts, .createToken, .setLabels, .forgetDevice, .readmitDevice: true
        case .addOperator, .removeOperator, .evictDevice, .source: true
        case .authority(let request): request.rotate
        }
    }

    /// As the command line calls it.
    package var verb: String {
        switch self {
        case .apply(let request): request.dryRun ? "diff" : "apply"
        case .plan: "plan"
        case .delete: "delete"
        case .get(let query): "get \(query.kind.rawValue)"
        case .events: "get events"
        case .alerts: "get alerts"
        case .handleAlerts(let request): "alerts \(request.verb.rawValue)"
        case .rollout(let request): "rollout \(request.verb.rawValue)"
        case .trace: "trace"
        case .declare: "import"
        case .inventory: "export"
        case .history: "rollout history"
        case .createToken: "token create"
        case .setLabels: "label"
        case .forgetDevice: "forget"
        case .readmitDevice: "readmit"
        case .evictDevice: "device evict"
        case .authority(let request): request.rotate ? "ca rotate" : "ca status"
        case .setLevel: "threat-level"
        case .addOperator: "operator add"
        case .operators: "operator list"
        case .removeOperator: "operator remove"
        case .audit: "audit"
        case .verifyAudit: "audit verify"
        case .source(let request): "source \(request.verb.rawValue)"
        case .sources: "get sources"
        case .version: "version"
        }
    }

    /// What it is about, as far as it says so itself. Never a secret.
    package var objects: [String] {
        switch self {
        case .apply(let request):
            request.sources.map { "file/\($0.origin)" } + (request.manager.map { ["manager/\($0)"] } ?? [])
        case .plan(let request): request.sources.map { "file/\($0.origin)" }
        case .delete(let request):
            request.intents.map { "intent/\($0)" } + (request.manager.map { ["manager/\($0)"] } ?? [])
        case .get(let query): query.names
        case .events(let query): query.subject.map { [$0] } ?? []
        case .alerts(let query): query.ids.map { "alert/\($0)" }
        case .handleAlerts(let request): request.ids.map { "alert/\($0)" }
        case .rollout(let request): ["intent/\(request.intent)"]
        case .trace(let request): ["device/\(request.device)"]
        case .history(let request): ["intent/\(request.intent)"]
        case .createToken(let request): request.labels.isEmpty ? [] : ["labels/\(LabelScope(request.labels))"]
        case .setLabels(let request):
            ["device/\(request.device)"] + request.set.sorted { $0.key < $1.key }.map { "label/\($0.key)=\($0.value)" }
                + request.remove.map { "label/\($0)-" }
        case .forgetDevice(let request): ["device/\(request.device)"]
        case .readmitDevice(let request): ["device/\(request.device)"]
        case .evictDevice(let request): ["device/\(request.device)"]
        case .authority: []
        case .setLevel(let request): ["level/\(request.level.map(\.description) ?? "before")"]
        case .addOperator(let request):
            ["operator/\(request.name)", "role/\(request.role.rawValue)", "scope/\(request.scope)"]
        case .removeOperator(let request): ["operator/\(request.name)"]
        case .source(let request): ["source/\(request.name)"] + (request.spec.map { ["url/\($0.url)"] } ?? [])
        case .sources(let query): query.names
        case .declare(let request):
            request.devices.map { "declared/\($0.name)" } + (request.middleboxes ?? []).map { "middlebox/\($0.name)" }
        case .operators, .audit, .verifyAudit, .version, .inventory: []
        }
    }
}
