import ArgumentParser
import L45Model

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make intents so.",
        discussion: """
            All of them are taken, or none: one that does not compile leaves everything as it was.

              l45 apply -f intents/dns.yaml
              l45 apply -f intents/ --prune --wait
              generate-intents | l45 apply -f -
            """)

    @OptionGroup var sources: SourceOptions
    @Flag(help: "Withdraw every intent that the files do not name.")
    var prune = false
    @Flag(help: "Change intents too that a git source keeps.")
    var force = false
    @Flag(help: "Say what would change, and change nothing.")
    var dryRun = false
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let request = ApplyRequest(sources: try sources.read(), prune: prune, dryRun: dryRun, force: force)
        let response = try await server.ask(.apply(request))
        guard case .applied(let result) = response else { throw response.unexpected }
        let console = Console.standard
        for warning in result.warnings { console.complain(Printable.lines(warning)) }
        try console.print(ApplyText.text(result, console.palette(for: .out)))
        guard waiting.wait, !dryRun else { return }
        let goals = result.intents.map { $0.outcome == .pruned ? WaitGoal.deleted($0.name) : .settled($0.name) }
        try await Waiter(client: try server.client, console: console, timeout: waiting.timeout).wait(for: goals)
    }
}
