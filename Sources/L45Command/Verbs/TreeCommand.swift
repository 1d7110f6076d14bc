import ArgumentParser
import L45Model

struct TreeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tree",
        abstract: "Show what hangs on an intent or a device: plans, modules, sockets, paths, and how each stands.",
        discussion: """
              l45 tree intent dns
              l45 tree intent                  every intent
              l45 tree intent dns -o json
              l45 tree device resolver-1       what it runs, intent by intent
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable, Sendable { case intent, device }

    @Argument(help: "What it is.")
    var kind: Kind
    @Argument(help: "Names; none: all.", completion: Names.any)
    var names: [String] = []
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let prefix = "\(kind.rawValue)/"
        let bare = names.map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 }
        let trees = try await kind == .intent ? intents(bare) : devices(bare)
        let console = Console.standard
        guard !trees.isEmpty || output.output.isForPrograms else { return console.complain("no \(kind.rawValue)s") }
        let palette = console.palette(for: .out)
        try console.print(
            output.output.document(trees.map { $0.tree }, names: trees.map { $0.name })
                ?? trees.map { $0.tree.text(palette) }.joined(separator: "\n"))
    }

    /// A tree, and what `-o name` calls its root.
    private typealias Named = (name: String, tree: TreeNode)

    private func intents(_ names: [String]) async throws -> [Named] {
        let response = try await server.ask(.get(ResourceQuery(.intents, names: names)))
        guard case .intents(let intents) = response else { throw response.unexpected }
        let answer = try await server.ask(.get(ResourceQuery(.devices)))
        guard case .devices(let all) = answer else { throw answer.unexpected }
        let devices = Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var trees: [Named] = []
        for intent in intents { trees.append(("intent/\(intent.name)", try await tree(intent, devices))) }
        return trees
    }

    private func devices(_ names: [String]) async throws -> [Named] {
        let response = try await server.ask(.get(ResourceQuery(.devices, names: names)))
        guard case .devices(let devices) = response else { throw response.unexpected }
        var trees: [Named] = []
        for device in devices {
            let answer = try await server.ask(.get(ResourceQuery(.modules, device: device.id.rawValue)))
            guard case .modules(let modules) = answer else { throw answer.unexpected }
            let guarded = try await server.ask(.get(ResourceQuery(.paths, device: device.id.rawValue)))
            let paths = if case .paths(let all) = guarded { all } else { [PathView]() }
            trees.append(("device/\(device.id)", DeviceTree.tree(device, modules: modules, paths: paths)))
        }
        return trees
    }

    private func tree(_ intent: IntentView, _ devices: [DeviceID: DeviceView]) async throws -> TreeNode {
        let rollouts = try await server.ask(.get(ResourceQuery(.rollouts, intent: intent.name)))
        guard case .rollouts(let flows) = rollouts else { throw rollouts.unexpected }
        let answer = try await server.ask(.get(ResourceQuery(.modules, intent: intent.name)))
        guard case .modules(let modules) = answer else { throw answer.unexpected }
        let guarded = try await server.ask(.get(ResourceQuery(.paths, intent: intent.name)))
        let paths = if case .paths(let all) = guarded { all } else { [PathView]() }
        return IntentTree.tree(
            intent, rollouts: flows, modules: modules, paths: paths, devices: devices, now: .now())
    }
}
