import ArgumentParser
import L45Model

struct TreeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tree",
        abstract: "Show what hangs on an intent: plans, devices, modules, sockets, and how each stands.",
        discussion: """
              l45 tree intent dns
              l45 tree intent                  every intent
              l45 tree intent dns -o json
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable, Sendable { case intent }

    @Argument(help: "What it is.")
    var kind: Kind
    @Argument(help: "Names; none: all.", completion: Names.intents)
    var names: [String] = []
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let bare = names.map { $0.hasPrefix("intent/") ? String($0.dropFirst("intent/".count)) : $0 }
        let response = try await server.ask(.get(ResourceQuery(.intents, names: bare)))
        guard case .intents(let intents) = response else { throw response.unexpected }
        let answer = try await server.ask(.get(ResourceQuery(.devices)))
        guard case .devices(let all) = answer else { throw answer.unexpected }
        let devices = Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var trees: [TreeNode] = []
        for intent in intents { trees.append(try await tree(intent, devices)) }
        let console = Console.standard
        guard !trees.isEmpty || output.output.isForPrograms else { return console.complain("no intents") }
        let palette = console.palette(for: .out)
        try console.print(
            output.output.document(trees, names: trees.map { "intent/\($0.name)" })
                ?? trees.map { $0.text(palette) }.joined(separator: "\n"))
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
