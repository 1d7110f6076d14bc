import L45Model

/// Intent, plan, device, module, socket: from what was asked for down to what is under it now.
enum IntentTree {
    /// - Parameters:
    ///   - modules: of the intent.
    ///   - devices: at least those that the modules are on.
    static func tree(
        _ intent: IntentView, rollouts: [RolloutView], modules: [ModuleView], paths: [PathView],
        devices: [DeviceID: DeviceView], now: Timestamp
    ) -> TreeNode {
        let flows = Set(rollouts.map(\.flow)).union(modules.map(\.flow)).sorted()
        let plans = flows.map { flow in
            plan(flow, rollouts.first { $0.flow == flow }, modules.filter { $0.flow == flow }, devices, now)
        }
        let ready = intent.conditions.first { $0.type == "Ready" }
        let standing = intent.ready ? "ready" : "not ready: \(ready?.message ?? "no pass has seen it yet")"
        return TreeNode(
            kind: "intent", name: "\(intent.name)",
            state: "revision \(intent.revision), edition \(intent.epoch), \(standing)", well: intent.ready,
            children: plans + paths.map(path))
    }

    private static func plan(
        _ flow: FlowName, _ rollout: RolloutView?, _ modules: [ModuleView], _ devices: [DeviceID: DeviceView],
        _ now: Timestamp
    ) -> TreeNode {
        let edition = rollout.map { $0.epoch.map { "edition \($0)" } ?? "being withdrawn" } ?? "no rollout yet"
        let phase = rollout.map { ", \($0.phase.rawValue) for \(Age.since($0.since, now))" } ?? ""
        let ids = modules.map(\.device).reduce(into: [DeviceID]()) { if !$0.contains($1) { $0.append($1) } }
        let children = ids.map { id in
            device(id, devices[id], modules.filter { $0.device == id }, rollout?.waiting.first { $0.device == id })
        }
        return TreeNode(
            kind: "plan", name: "\(flow)", state: edition + phase, well: rollout.map { $0.phase == .settled },
            children: children)
    }

    private static func device(
        _ id: DeviceID, _ device: DeviceView?, _ modules: [ModuleView], _ waiting: RolloutView.Waiting?
    ) -> TreeNode {
        let name = device?.name ?? modules.first?.deviceName ?? "\(id)"
        var state =
            device.map { "\($0.link.rawValue), generation \(DevicesTable.generation($0).text)" } ?? "not in sight"
        if let waiting { state += "; waited for: \(waiting.reason)" }
        return TreeNode(
            kind: "device", name: name, state: state, well: waiting == nil && device?.link == .connected,
            children: modules.map(module))
    }

    static func module(_ module: ModuleView) -> TreeNode {
        let cell = ModulesTable.state(module)
        let counts = "sent \(module.statistics.messagesSent), received \(module.statistics.messagesReceived)"
        return TreeNode(
            kind: "module", name: "\(module.id)",
            state: "\(module.role.rawValue), edition \(module.epoch), \(cell.text); \(counts); \(module.dialect)",
            well: cell.tone == .good, children: [sockets(module)])
    }

    private static func sockets(_ module: ModuleView) -> TreeNode {
        TreeNode(
            kind: "socket", name: module.tapSocket, state: "\(counted(module.sockets, "socket")) open", well: nil,
            children: module.filledIn.map { TreeNode(kind: "flow", name: $0, state: "") })
    }

    static func path(_ path: PathView) -> TreeNode {
        let phase = PathsTable.phase(path)
        return TreeNode(
            kind: "path", name: "\(path.deviceName)/\(path.name)",
            state: path.reason.isEmpty ? phase.text : "\(phase.text): \(path.reason)",
            well: phase.tone == .good ? true : phase.tone == .plain ? nil : false)
    }
}
