package import L45Model

/// The latest sockets of each module, as text: what their wildcards were filled with. Most sockets are gone before a
/// report is due, so that a list of those that are open would seldom show one. Pure.
package struct FlowLog: Sendable {
    package static let flowsPerModuleMax = 8
    package static let modulesMax = 1024

    private var flows: [ModuleID: [String]] = [:]

    package init() {}

    /// The latest is last in, and first out of `flows(of:)`.
    package mutating func note(_ flow: String, of module: ModuleID) {
        guard !flow.isEmpty, flows[module] != nil || flows.count < Self.modulesMax else { return }
        var texts = flows[module] ?? []
        texts.removeAll { $0 == flow }
        texts.append(flow)
        if texts.count > Self.flowsPerModuleMax { texts.removeFirst() }
        flows[module] = texts
    }

    /// The latest first.
    package func flows(of module: ModuleID) -> [String] { (flows[module] ?? []).reversed() }

    package mutating func keepOnly(_ modules: Set<ModuleID>) {
        flows = flows.filter { modules.contains($0.key) }
    }
}
