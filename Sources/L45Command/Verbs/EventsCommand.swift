import ArgumentParser
import L45Model

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show what happened, of everything or of one subject.",
        discussion: """
            As 'l45 get events'. A subject is KIND/NAME; what lies below it is shown too.

              l45 events intent/dns --watch
              l45 events device/resolver-1 --limit 50
              l45 events -o jsonpath='{[?(@.severity=="alert")].message}'
            """)

    @OptionGroup var what: EventOptions
    @Flag(name: [.short, .long], help: "Go on, and show what comes.")
    var watch = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let request = APIRequest.events(try await what.query(server))
        if watch { return try await Watcher(server: server, output: output.output).watch(request) }
        let console = Console.standard
        let listing = try await Listing.of(server.ask(request))
        guard !listing.isEmpty || output.output.isForPrograms else { return console.complain("no events") }
        try console.print(listing.text(output.output, now: .now(), console.palette(for: .out)))
    }
}
