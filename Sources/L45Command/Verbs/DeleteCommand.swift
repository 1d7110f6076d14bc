import ArgumentParser
import IntentCompiler
import L45Model

struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Withdraw intents.",
        discussion: """
            Their modules go by the phases of a rollout, so nothing that is under way is lost.

              l45 delete intent dns --wait
              l45 delete -f intents/dns.yaml
            """)

    @Argument(help: ArgumentHelp("'intent', then names.", valueName: "intent name"))
    var names: [String] = []
    @OptionGroup var sources: SourceOptions
    @Flag(help: "Withdraw intents too that a git source keeps, or that another --field-manager holds.")
    var force = false
    @Option(help: ArgumentHelp("What withdraws them: as with 'l45 apply'.", valueName: "name"))
    var fieldManager: String?
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard names.isEmpty != sources.files.isEmpty else {
            throw ValidationError("Name intents, as in 'l45 delete intent dns', or files with -f; not both.")
        }
        guard names.isEmpty || (["intent", "intents"].contains(names[0]) && names.count > 1) else {
            throw ValidationError("Only intents are deleted: 'l45 delete intent NAME...'.")
        }
    }

    func run() async throws {
        let named = try names.isEmpty ? namesInFiles() : names.dropFirst().map { IntentName($0) }
        let response = try await server.ask(.delete(DeleteRequest(intents: named, force: force, manager: fieldManager)))
        guard case .deleted(let result) = response else { throw response.unexpected }
        let console = Console.standard
        try console.print(result.intents.map { "intent/\($0) is being withdrawn" }.joined(separator: "\n"))
        guard waiting.wait else { return }
        try await Waiter(client: try server.client, console: console, timeout: waiting.timeout)
            .wait(for: result.intents.map { .deleted($0) })
    }

    /// Whether the fleet could carry them any more does not matter to their end.
    private func namesInFiles() throws -> [IntentName] {
        let parsed = IntentParser.parse(
            try sources.readIntents().intents.map { IntentSource(origin: $0.origin, text: $0.text) })
        try parsed.check()
        return parsed.intents.map(\.name)
    }
}
