import ArgumentParser
import IntentCompiler
import L45Model

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make intents so.",
        discussion: """
            All of them are taken, or none: one that does not compile leaves everything as it was. Documents of \
            kind: Inventory among them are taken with them, in one piece: intents are compiled for devices as those \
            label them. What is declared is declared by the document's name, or by its file, as by 'l45 import'. What \
            another --field-manager applied is its own: to apply another document for it is refused, with whose it is, \
            unless with --force, which takes it over. Whoever types 'l45 apply' or 'l45 edit' is one and the same to it.

              l45 apply -f intents/dns.yaml
              l45 apply -f intents/ --prune --wait
              generate-intents | l45 apply -f -
              l45 apply -f intents/ --field-manager ci          what a pipeline applies is its own
              l45 apply -f intents/ --dry-run=server -o name    what an orchestrator would do
              l45 apply -f intents/ --dry-run=client            whether the files are well, asking nobody
            """)

    @OptionGroup var sources: SourceOptions
    @Flag(
        help:
            "Withdraw every intent that the files do not name, and with an inventory among them what other files declare; what others keep or hold stays."
    )
    var prune = false
    @Flag(help: "Change intents too that a git source keeps, and take over what another --field-manager holds.")
    var force = false
    @Flag(
        help:
            "Change nothing: --dry-run or --dry-run=server says what would change, --dry-run=client whether the files parse."
    )
    var dryRun = false
    /// What `--dry-run=WHERE` is turned into: see `DryRun.rewritten`.
    @Option(help: .hidden)
    var dryRunAt: DryRun?
    @Option(
        help: ArgumentHelp(
            "What applies this, and holds it against others from then on: a pipeline's name, a tool's.",
            valueName: "name"))
    var fieldManager = "l45 apply"
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    private var isDry: Bool { dryRun || dryRunAt != nil }

    func validate() throws {
        guard !isDry || !waiting.wait else {
            throw ValidationError("A dry run begins nothing that --wait could wait for.")
        }
        guard !waiting.wait || !output.output.isForPrograms else {
            throw ValidationError("--wait says how it goes in words; leave -o \(output.output) to 'l45 get'.")
        }
    }

    func run() async throws {
        if dryRunAt == .client { return try checkHere() }
        let given = try sources.readIntents(prune: prune, dryRun: isDry)
        if given.intents.isEmpty, let declares = given.declares {
            return try await DeclaredInventory.declare(declares, output.output, server)
        }
        let request = ApplyRequest(
            sources: given.intents, prune: prune, dryRun: isDry, force: force, manager: fieldManager,
            declares: given.declares)
        let response = try await server.ask(.apply(request))
        guard case .applied(let result) = response else { throw response.unexpected }
        let console = Console.standard
        for warning in result.warnings { console.complain(Printable.lines(warning)) }
        try console.print(
            output.output.document(result, names: result.names) ?? ApplyText.text(result, console.palette(for: .out)))
        guard waiting.wait else { return }
        let goals = result.intents.map { $0.outcome == .pruned ? WaitGoal.deleted($0.name) : .settled($0.name) }
        try await Waiter(client: try server.client, console: console, timeout: waiting.timeout).wait(for: goals)
    }

    private func checkHere() throws {
        let parsed = IntentParser.parse(
            try sources.readIntents().intents.map { IntentSource(origin: $0.origin, text: $0.text) })
        let console = Console.standard
        try parsed.check(console)
        let names = parsed.intents.map { "intent/\($0.name)" }
        try console.print(
            output.output.document(names, names: names)
                ?? names.map { "\($0) parses (dry run, nobody asked)" }.joined(separator: "\n"))
    }
}

extension ApplyResult {
    /// What `-o name` prints: the declarations and intents that change.
    var names: [String] {
        (declared?.names ?? []) + intents.filter { $0.outcome != .unchanged }.map { "intent/\($0.name)" }
    }
}
