import ArgumentParser
import L45Model

struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Show who talks most in dialects: devices, modules, intents or flows, a second.",
        discussion: """
            Worked out of two reports of each tap, so the first figures take as long as taps report apart (10 s, unless \
            the orchestrator was told otherwise). On a terminal it goes on until Ctrl-C.

              l45 top
              l45 top modules --by bytes --intent dns
              l45 top intents --once -o json
            """)

    @Argument(help: "What to rank.")
    var subject = TopSubject.devices
    @Option(help: "What ranks it.")
    var by = TopTable.Order.messages
    @Option(help: "Modules of this intent alone.", completion: Names.intents)
    var intent: String?
    @OptionGroup var labels: SelectorOptions
    @Option(help: ArgumentHelp("So many rows, 1 to 10000.", valueName: "number"))
    var limit = 20
    @Flag(help: "Print once, when every tap has reported twice.")
    var once = false
    @Option(help: ArgumentHelp("With --once, no longer than this: then with what is known.", valueName: "span"))
    var timeout: Span = .seconds(60)
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    private static let period = Duration.milliseconds(500)

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit is 1 to 10000.") }
    }

    func run() async throws {
        let console = Console.standard
        let clock = ContinuousClock()
        let end = clock.now + .milliseconds(timeout.milliseconds)
        let query = ResourceQuery(.modules, of: try labels.parsed(), intent: intent.map { IntentName($0) })
        var ledger = TopLedger()
        var shown: String?
        while true {
            let devices = try await server.ask(.get(ResourceQuery(.devices)))
            guard case .devices(let fleet) = devices else { throw devices.unexpected }
            let answer = try await server.ask(.get(query))
            guard case .modules(let modules) = answer else { throw answer.unexpected }
            ledger.take(modules, fleet)
            let rows = Array(TopTable.rows(subject, modules, ledger, by: by).prefix(limit))
            if once {
                if ledger.isWhole(modules, fleet) || clock.now >= end {
                    guard !rows.isEmpty || output.output.isForPrograms else { return console.complain("no modules") }
                    return try console.print(text(rows, console))
                }
            } else {
                let text = try text(rows, console)
                if text != shown { try console.print(console.isTerminal(.out) ? "\u{1B}[H\u{1B}[2J\(text)" : text) }
                shown = text
            }
            try await Task.sleep(for: Self.period)
        }
    }

    private func text(_ rows: [TopRow], _ console: Console) throws -> String {
        try output.output.document(rows, names: rows.map(\.name))
            ?? TopTable.table(subject, rows).text(console.palette(for: .out))
    }
}

extension TopSubject: ExpressibleByArgument {}
extension TopTable.Order: ExpressibleByArgument {}
