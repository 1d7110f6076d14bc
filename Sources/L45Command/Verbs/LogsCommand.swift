import ArgumentParser
import L45Model

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Print the orchestrator's trail as log lines, of everything or of one subject.",
        discussion: """
            One event a line, with its time in full and devices by name. What a daemon says of itself beside this goes to its \
            standard error, 'journalctl -u l45-nco' where systemd runs it.

              l45 logs --follow
              l45 logs device/resolver-1 --since 10m
              l45 logs intent/dns --severity warning
            """)

    @OptionGroup var what: EventOptions
    @Flag(name: [.short, .long], help: "Go on, and print what comes.")
    var follow = false
    @Option(help: ArgumentHelp("No older than this: 90s, 10m, 6h.", valueName: "span"))
    var since: Span?
    @Option(help: ArgumentHelp("As bad as this or worse: info, warning, alert.", valueName: "severity"))
    var severity = Event.Severity.info
    @OptionGroup var server: ServerOptions

    private static let period = Duration.milliseconds(500)

    func run() async throws {
        let console = Console.standard
        let palette = console.palette(for: .out)
        var query = try await what.query(server)
        var names: [String: String] = [:]
        var reachable = true
        while true {
            do {
                let response = try await server.ask(.events(query))
                guard case .events(let events) = response else { throw response.unexpected }
                reachable = true
                if events.contains(where: { LogLine.device(of: $0.subject).map { names[$0] == nil } ?? false }) {
                    names = try await deviceNames()
                }
                let oldest = since.map { Timestamp.now() + .milliseconds(-$0.milliseconds) }
                for event in events where event.severity.rank >= severity.rank {
                    if let oldest, event.at.timestamp < oldest { continue }
                    try console.print(LogLine.text(event, names: names, palette))
                }
                if let last = events.last { query.after = last.id } else if query.after == nil { query.after = 0 }
            } catch CommandEnd.failed(let failure) where failure.status == .unreachable && follow && query.after != nil
            {
                // Who follows wants to see the orchestrator come back.
                if reachable { console.complain(failure.text(console.palette(for: .err))) }
                reachable = false
            }
            guard follow else { return }
            try await Task.sleep(for: Self.period)
        }
    }

    private func deviceNames() async throws -> [String: String] {
        guard case .devices(let all) = try await server.ask(.get(ResourceQuery(.devices))) else { return [:] }
        return Dictionary(all.map { ($0.id.rawValue, $0.name) }, uniquingKeysWith: { first, _ in first })
    }
}

extension Event.Severity: ExpressibleByArgument {
    fileprivate var rank: Int {
        switch self {
        case .info: 0
        case .warning: 1
        case .alert: 2
        }
    }
}
