import ArgumentParser
import L45Model

struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what an apply would change, device by device.",
        discussion: """
            With an inventory among the files, intents are compiled for devices as that labels them.

            Exit status: 0 nothing differs, 1 something does, above 1 an error.

              l45 diff -f intents/ && echo in force
              l45 diff -f intents/ -o json
            """)

    @OptionGroup var sources: SourceOptions
    @Flag(help: "Count what the files do not name as withdrawn.")
    var prune = false
    @Option(help: ArgumentHelp("What would apply them: as with 'l45 apply'.", valueName: "name"))
    var fieldManager: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let given = try sources.readIntents(prune: prune, dryRun: true)
        if given.intents.isEmpty, let declares = given.declares { return try await diff(declares) }
        let request = ApplyRequest(
            sources: given.intents, prune: prune, dryRun: true, manager: fieldManager, declares: given.declares)
        let response = try await server.ask(.apply(request))
        guard case .applied(let result) = response else { throw response.unexpected }
        let console = Console.standard
        for warning in result.warnings { console.complain(Printable.lines(warning)) }
        if result.differs || output.output.isForPrograms {
            try console.print(
                output.output.document(result, names: result.names) ?? DiffText.text(result, console.palette(for: .out))
            )
        }
        try end(result.differs)
    }

    private func end(_ differs: Bool) throws {
        if differs { throw CommandEnd.notMet() }
    }

    /// An inventory without intents.
    private func diff(_ request: DeclareRequest) async throws {
        let response = try await server.ask(.declare(request))
        guard case .declared(let result) = response else { throw response.unexpected }
        let console = Console.standard
        for warning in result.warnings { console.complain("warning: \(Printable.line(warning))") }
        if result.differs || output.output.isForPrograms {
            try console.print(
                output.output.document(result, names: result.names)
                    ?? DeclareText.text(result, console.palette(for: .out)))
        }
        try end(result.differs)
    }
}
