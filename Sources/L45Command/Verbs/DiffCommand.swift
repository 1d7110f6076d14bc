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
        let given = try sources.readIntents()
        let declares = try await declared(given.inventory)
        if given.intents.isEmpty { return try end(declares) }
        let request = ApplyRequest(sources: given.intents, prune: prune, dryRun: true)
        let response = try await server.ask(.apply(request))
        guard case .applied(let result) = response else { throw response.unexpected }
        let console = Console.standard
        for warning in result.warnings { console.complain(Printable.lines(warning)) }
        if result.differs || output.output.isForPrograms {
            try console.print(
                output.output.document(result, names: result.names) ?? DiffText.text(result, console.palette(for: .out))
            )
        }
        try end(result.differs || declares)
    }

    private func end(_ differs: Bool) throws {
        if differs { throw CommandEnd.notMet() }
    }

    /// - Returns: whether something of the inventory would change.
    private func declared(_ inventory: [DeclaredDevice]?) async throws -> Bool {
        guard let inventory else { return false }
        let response = try await server.ask(.declare(DeclareRequest(devices: inventory, prune: prune, dryRun: true)))
        guard case .declared(let result) = response else { throw response.unexpected }
        let console = Console.standard
        if result.differs, !output.output.isForPrograms {
            try console.print(DeclareText.text(result, console.palette(for: .out)))
        }
        return result.differs
    }
}
