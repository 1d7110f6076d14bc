import ArgumentParser
import Foundation
import L45Model

struct AlertsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "See what is wrong, and say that you look after it.",
        discussion: """
              l45 get alerts                             those that are not resolved
              l45 alerts watch --severity warning        the same, and then what changes
              l45 describe alert 12                      what was expected, what was seen, the way out
              l45 alerts acknowledge 12 13 --note "seen, on it"
              l45 alerts resolve 12 --note "module replaced"

            An alert counts up while its cause lasts, and is resolved by the orchestrator when that is over. What it \
            cannot see the end of, a failed security check or a damaged row, an operator resolves.

            Exit status: 0 well, also where it was acknowledged before; 2 usage; 3 the orchestrator cannot be reached; 4 \
            one of them is not there, or is resolved already: then none was changed.
            """,
        subcommands: [Watch.self, Acknowledge.self, Resolve.self])

    struct Watch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "watch", abstract: "Show alerts that are not resolved, and then what changes of them.")

        @Option(help: "As bad as this or worse: notice, warning, critical.")
        var severity: AlertSeverity = .notice
        @Option(help: "Of this device.")
        var device: String?
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await Watcher(server: server, output: output.output)
                .watch(.alerts(AlertQuery(severity: severity, device: device)))
        }
    }

    struct Acknowledge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "acknowledge", abstract: "Say that somebody looks after it; it stays until it is over.")

        @OptionGroup var handling: Handling
        func run() async throws { try await handling.carryOut(.acknowledge) }
    }

    struct Resolve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "resolve",
            abstract: "Say that it is over. If its cause lasts, the orchestrator raises another.")

        @OptionGroup var handling: Handling
        func run() async throws { try await handling.carryOut(.resolve) }
    }

    /// Which alerts, and what there is to say.
    struct Handling: ParsableArguments {
        @Argument(help: ArgumentHelp("Numbers of alerts.", valueName: "id"))
        var ids: [String]
        @Option(help: "What others should know; kept with the alert.")
        var note: String?
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard !ids.isEmpty else { throw ValidationError("Name an alert by its number.") }
            _ = try AlertIDs.of(ids)
        }

        func carryOut(_ verb: AlertRequest.Verb) async throws {
            let request = AlertRequest(verb, try AlertIDs.of(ids), by: Self.author, note: note)
            let response = try await server.ask(.handleAlerts(request))
            guard case .alerts(let alerts) = response else { throw response.unexpected }
            let console = Console.standard
            for alert in alerts { try console.print(Self.text(alert, by: request.by)) }
        }

        static func text(_ alert: AlertView, by: String) -> String {
            let what = "alert/\(alert.id) \(alert.kind) of \(Printable.line(alert.about))"
            switch alert.state {
            case .resolved: return "\(what): resolved"
            case .acknowledged where alert.acknowledgedBy != by:
                return "\(what): was acknowledged before, by \(Printable.line(alert.acknowledgedBy ?? "somebody"))"
            case .acknowledged, .open: return "\(what): \(alert.state.rawValue)"
            }
        }

        /// As this machine says: the socket's permissions decide who may.
        private static var author: String { "\(NSUserName())@\(ProcessInfo.processInfo.hostName)" }
    }
}
