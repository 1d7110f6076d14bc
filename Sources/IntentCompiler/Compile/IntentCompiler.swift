import L45Model

/// Turns intents and a fleet into what each device is to run. Pure: no file, no clock, no socket.
package enum IntentCompiler {
    package static func compile(_ input: CompilerInput) -> Compilation {
        let entries = input.entries.sorted { ($0.intent.name, $0.epoch) < ($1.intent.name, $1.epoch) }
        let devices = input.devices.sorted { $0.id < $1.id }
        let index = DeviceIndex(devices)
        var diagnostics: [Diagnostic] = []
        var refused: Set<IntentName> = []
        var flows: [FlowScope] = []
        var seen: [IntentName: SourcePlace] = [:]
        for entry in entries {
            let name = entry.intent.name
            if let first = seen[name] {
                diagnostics.append(
                    Diagnostic(
                        at: entry.intent.places.name, "two intents are named '\(name)'", hint: "rename one of them",
                        notes: [Diagnostic.Note(place: first, message: "the first one is here")]))
                refused.insert(name)
                continue
            }
            seen[name] = entry.intent.places.name
            let (scoped, problems) = ScopeResolver.resolve(entry, index)
            flows += scoped
            diagnostics += problems
            if problems.hasErrors { refused.insert(name) }
        }
        for conflict in Deconfliction.conflicts(flows.filter { !refused.contains($0.intent.name) }) {
            diagnostics.append(conflict.diagnostic)
            refused.formUnion(conflict.intents)
        }
        let crowded = TapLimits.problems(flows.filter { !refused.contains($0.intent.name) }, devices)
        diagnostics += crowded.diagnostics
        refused.formUnion(crowded.intents)

        let guarded = PathCompiler.compile(entries.map(\.intent).filter { !refused.contains($0.name) }, devices)
        diagnostics += guarded.diagnostics
        refused.formUnion(guarded.refused)

        var modules: [DeviceID: [ModulePlan]] = [:]
        for flow in flows where !refused.contains(flow.intent.name) {
            let identity = ModuleIdentity(
                intent: flow.intent.name, flow: flow.name, epoch: flow.epoch, rootSecret: input.rootSecret)
            let secret = identity.dialectSecret()
            for role in [ModulePlan.Role.client, .server] {
                let socket = flow.tapSocket(role)
                for device in flow.devices(role) {
                    modules[device.id, default: []].append(module(flow, role, device.id, socket, secret, identity))
                }
            }
        }
        return Compilation(
            plans: modules.map { DevicePlan(device: $0.key, modules: $0.value) }.sorted { $0.device < $1.device },
            paths: guarded.paths, diagnostics: diagnostics.inReadingOrder(), refused: refused,
            summaries: summaries(entries, flows, refused))
    }

    private static func module(
        _ flow: FlowScope, _ role: ModulePlan.Role, _ device: DeviceID, _ socket: TapSocket, _ secret: Secret,
        _ identity: ModuleIdentity
    ) -> ModulePlan {
        let tag = flow.tag
        var plan = ModulePlan(
            id: identity.moduleID(role, device), intent: flow.intent.name, flow: flow.name, epoch: flow.epoch,
            role: role,
            directions: tag.directions, tapSocket: socket, dialect: tag.dialect, dialectSecret: secret,
            initKey: identity.initKey(role, device), attach: tag.attach, priority: tag.priority,
            stateRequestWindow: tag.stateWindow, securityCheckWindow: tag.securityWindow, underTest: tag.test,
            artifact: tag.artifact)
        // An end that never receives the dialect would drop everything, one that never sends it has nothing to hold back.
        plan.dropUnlessTagged = tag.dropUntagged && plan.receives
        plan.delayMicroseconds = plan.sends ? Int(tag.delay.milliseconds) * 1000 : 0
        return plan
    }

    private static func summaries(
        _ entries: [CompilerInput.Entry], _ flows: [FlowScope], _ refused: Set<IntentName>
    ) -> [IntentSummary] {
        let byIntent = Dictionary(grouping: flows) { $0.intent.name }
        return entries.map { entry in
            IntentSummary(
                name: entry.intent.name, epoch: entry.epoch, clients: entry.intent.clients.description,
                servers: entry.intent.servers.description, rotation: entry.intent.rotation,
                flows: (byIntent[entry.intent.name] ?? []).map { flow in
                    IntentSummary.Flow(
                        name: flow.name, subject: flow.tag.subject, dialect: flow.tag.dialect,
                        growth: flow.tag.growthInWords, directions: flow.tag.directions,
                        clients: flow.clients.map(\.id),
                        servers: flow.servers.map(\.id))
                },
                isRefused: refused.contains(entry.intent.name))
        }
    }
}
