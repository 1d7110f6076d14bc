import ArgumentParser
import ControlChannel
import L45Model
import NIOCore

/// Names as a shell completes them: asked of the orchestrator while somebody types.
enum Names {
    static var intents: CompletionKind { .shellCommand("l45 names intents") }
    static var devices: CompletionKind { .shellCommand("l45 names devices") }
    static var any: CompletionKind { .shellCommand("l45 names") }
}

/// What the completions run. It is in no list of verbs.
struct NamesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "names",
        abstract: "Print the names that a shell completes: nothing and no complaint when nobody answers.",
        shouldDisplay: false)

    enum Kind: String, ExpressibleByArgument, CaseIterable { case intents, devices }

    @Argument var kind: Kind?
    @OptionGroup var server: ServerOptions

    /// Somebody waits with a finger on the key.
    private static let patience = TimeAmount.seconds(3)
    private static let most = 1000

    func run() async throws {
        var names: [String] = []
        if kind != .devices, case .intents(let all)? = try? await ask(.intents) { names += all.map(\.name.rawValue) }
        if kind != .intents, case .devices(let all)? = try? await ask(.devices) { names += all.map(\.name) }
        // What a shell would take for more than a word is left out.
        let words = names.filter { $0.allSatisfy { $0.isLetter || $0.isNumber || "-_./:".contains($0) } }
        guard !words.isEmpty else { return }
        try Console.standard.print(words.prefix(Self.most).joined(separator: "\n"))
    }

    private func ask(_ kind: ResourceQuery.Kind) async throws -> APIResponse {
        try await server.ask(.get(ResourceQuery(kind)), within: Self.patience)
    }
}
