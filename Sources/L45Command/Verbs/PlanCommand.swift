import ArgumentParser
import L45Model
import Simulation

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what an apply would change and start, and what is proved of it.",
        discussion: """
            Changes nothing. What cannot be proved is refused, here and by apply: with the reason, the line and \
            the nearest that would work. Verdicts: proved; odds, but for the chance that is stated; warned, as far \
            as l45 can see.

              l45 plan -f intents/
              l45 plan -f intents/ --mtu 1280 -o json
              l45 plan -f intents/ -o jsonpath='{range .plan.rotations[*]}{.flow} {.leastSeconds}{"\\n"}{end}'
              l45 plan -f intents/ --simulate         tried on the fleet's double, with everything failing

            Exit status: 0 planned; others as of apply. With --simulate 1, when a story violates an invariant or \
            does not come to its end. With --detailed-exitcode: 0 nothing would change, 1 an error, 2 something \
            would.
            """)

    @OptionGroup var sources: SourceOptions
    @Flag(help: "Count intents that the files do not name as withdrawn.")
    var prune = false
    @Option(help: ArgumentHelp("What would apply them: as with 'l45 apply'.", valueName: "name"))
    var fieldManager: String?
    @Option(help: ArgumentHelp("The smallest MTU of the paths, in bytes.", valueName: "bytes"))
    var mtu = 1500
    @Flag(help: "Try the change on a simulated double of the fleet, with faults, over several seeds.")
    var simulate = false
    @OptionGroup var trial: TrialOptions
    @Flag(help: "Exit with 0 when nothing would change, 1 on an error, 2 when something would.")
    var detailedExitcode = false
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "How to show it: text, json, yaml, name (the intents that change, one a line), or jsonpath=TEMPLATE.",
            valueName: "format"),
        completion: .list(["text", "json", "yaml", "name", "jsonpath="]), transform: Self.format)
    var output = OutputFormat.table
    @OptionGroup var server: ServerOptions

    /// A plan is a text and no table.
    @Sendable private static func format(_ text: String) throws -> OutputFormat {
        text == "text" ? .table : try OutputFormat(text)
    }

    func validate() throws {
        guard PlanRequest.mtuRange.contains(mtu) else {
            let range = PlanRequest.mtuRange
            throw ValidationError("--mtu is \(range.lowerBound) to \(range.upperBound) bytes.")
        }
        guard simulate || trial.isDefault else {
            throw ValidationError("--seeds, --seed, --devices and --seconds are for --simulate.")
        }
    }

    func run() async throws {
        guard detailedExitcode else {
            _ = try await plan()
            return
        }
        do {
            if try await plan() { throw CommandEnd.status(2) }
        } catch CommandEnd.failed(let failure) {
            let console = Console.standard
            console.complain(failure.text(console.palette(for: .err)))
            throw CommandEnd.status(1)
        }
    }

    /// - Returns: whether anything would change.
    private func plan() async throws -> Bool {
        let given = try sources.readIntents(prune: prune, dryRun: true)
        let request = PlanRequest(
            sources: given.intents, prune: prune, mtuBytes: mtu, inventoryDevices: simulate ? trial.devices : 0,
            declares: given.declares, manager: fieldManager)
        let response = try await server.ask(.plan(request))
        guard case .planned(var result) = response else { throw response.unexpected }
        let console = Console.standard
        let inventory = result.inventory
        // What the double is made of is no part of the plan.
        result.inventory = nil
        for warning in result.change.warnings { console.complain(Printable.lines(warning)) }
        let isText = output == .table || output == .wide
        if isText { try console.print(PlanText.text(result, console.palette(for: .out))) }
        let tried = try inventory.flatMap { result.change.differs ? try trial.run($0) : nil }
        let document = PlanDocument(plan: result, simulation: tried)
        if let text = try output.document(document, names: result.change.names) {
            try console.print(text)
        } else if let tried {
            try console.print(TrialText.text(tried, console.palette(for: .out)))
        }
        if let tried, !tried.isWell {
            console.complain(TrialText.complaint(tried))
            throw CommandEnd.notMet()
        }
        return result.change.differs
    }
}
