import ArgumentParser
import L45Model

struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what an apply would change, device by device.",
        discussion: """
            Exit status: 0 nothing differs, 1 something does, above 1 an error.

              l45 diff -f intents/ && echo in force
              l45 diff -f intents/ -o json
            """)

    @OptionGroup var sources: SourceOptions
    @Flag(help: "Count intents that the files do not name as withdrawn.")
    var prune = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let request = ApplyRequest(sources: try sources.read(), prune: prune, dryRun: true)
        let response = try await server.ask(.apply(request))
        guard case .applied(let result) = response else { throw response.unexpected }
        let console = Console.standard
        for warning in result.warnings { console.complain(Printable.lines(warning)) }
        if result.differs || output.output.isForPrograms {
            try console.print(
                output.output.document(result, names: result.names) ?? DiffText.text(result, console.palette(for: .out))
            )
        }
        guard result.differs else { return }
        throw CommandEnd.notMet()
    }
}
