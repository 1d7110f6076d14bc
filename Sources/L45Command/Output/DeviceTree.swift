import L45Model

/// Device, intent, module, socket: what one device runs, and for whom; and the paths that it guards.
enum DeviceTree {
    /// - Parameters:
    ///   - modules: of the device.
    ///   - paths: of the device.
    static func tree(_ device: DeviceView, modules: [ModuleView], paths: [PathView]) -> TreeNode {
        let names = Set(modules.map(\.intent)).union(paths.map(\.intent)).sorted()
        let since = device.problems.first.map { "; \($0)" } ?? ""
        return TreeNode(
            kind: "device", name: device.name,
            state: "\(device.link.rawValue), generation \(DevicesTable.generation(device).text)\(since)",
            well: device.link == .connected && device.problems.isEmpty
                && device.generationConfirmed == device.generationDecided,
            children: names.map { name in
                intent(name, modules.filter { $0.intent == name }, paths.filter { $0.intent == name })
            })
    }

    private static func intent(_ name: IntentName, _ modules: [ModuleView], _ paths: [PathView]) -> TreeNode {
        let children = modules.map(IntentTree.module) + paths.map(IntentTree.path)
        let late = children.count { $0.well == false }
        let all = [
            modules.isEmpty ? nil : counted(modules.count, "module"),
            paths.isEmpty ? nil : counted(paths.count, "path"),
        ].compactMap { $0 }.joined(separator: ", ")
        return TreeNode(
            kind: "intent", name: "\(name)", state: late == 0 ? all : "\(all), \(late) not as told", well: late == 0,
            children: children)
    }
}
