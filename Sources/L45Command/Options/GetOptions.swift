import ArgumentParser
import L45Model

/// What to list, and which of it.
struct GetOptions: ParsableArguments {
    @Argument(help: "What to list.")
    var kind: ResourceKind
    @Argument(
        help: "These alone; of events: those of this subject and below it, such as intent/dns or flow/dns.",
        completion: Names.any)
    var names: [String] = []
    @OptionGroup var labels: SelectorOptions
    @Option(help: "Modules, rollouts and paths of this intent.", completion: Names.intents)
    var intent: String?
    @Option(help: "Modules, paths and alerts of this device.", completion: Names.devices)
    var device: String?
    @Option(help: "Alerts as bad as this or worse: notice, warning, critical.")
    var severity: AlertSeverity?
    @Option(help: "Alerts in this state: open, acknowledged, resolved, all. (default: those that are not resolved)")
    var state: AlertStates?
    @Option(help: "The latest so many events or alerts, 1 to 1000.")
    var limit: Int?
    func validate() throws {
        guard labels.isEmpty || ![.posture, .middleboxes, .alerts, .events, .sources].contains(kind) else {
            throw ValidationError(
                "-l selects by devices' labels: devices, modules, paths, and the intents and rollouts that have modules "
                    + "or paths on them; not \(kind.rawValue).")
        }
        guard intent == nil || [.modules, .rollouts, .paths].contains(kind) else {
            throw ValidationError("--intent is for modules, rollouts and paths.")
        }
        guard device == nil || [.modules, .paths, .alerts].contains(kind) else {
            throw ValidationError("--device is for modules, paths and alerts.")
        }
        guard kind == .alerts || (severity == nil && state == nil) else {
            throw ValidationError("--severity and --state are for alerts.")
        }
        if kind == .alerts { _ = try AlertIDs.of(names) }
        if kind == .events || kind == .alerts {
            guard kind == .alerts || names.count <= 1 else {
                throw ValidationError("Events are listed of one subject at a time.")
            }
            guard (1...1000).contains(limit ?? 200) else { throw ValidationError("--limit is 1 to 1000.") }
        } else if limit != nil {
            throw ValidationError("--limit is for events and alerts.")
        }
    }

    func request() throws -> APIRequest {
        // What `-o name` prints is understood as a name again.
        let prefix = "\(self.kind.singular)/"
        let bare = names.map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 }
        let kind: ResourceQuery.Kind
        switch self.kind {
        case .devices: kind = .devices
        case .intents: kind = .intents
        case .modules: kind = .modules
        case .rollouts: kind = .rollouts
        case .paths: kind = .paths
        case .posture: kind = .posture
        case .middleboxes: kind = .middleboxes
        case .events: return .events(EventQuery(subject: names.first, limit: limit ?? 200))
        case .sources: return .sources(SourceQuery(names: bare))
        case .alerts:
            return .alerts(
                AlertQuery(
                    ids: try AlertIDs.of(names), states: (state ?? .unresolved).states, severity: severity ?? .notice,
                    device: device, limit: limit ?? 1000))
        }
        return .get(
            ResourceQuery(
                kind, names: bare, of: try labels.parsed(), intent: intent.map { IntentName($0) }, device: device))
    }
}
