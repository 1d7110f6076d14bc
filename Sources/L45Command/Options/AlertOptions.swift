import ArgumentParser
import Foundation
import L45Model
import Orchestrator

/// Who is told of alerts.
struct AlertOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Tell alerts to syslog, RFC 5424, at this socket: /dev/log.", valueName: "socket"))
    var alertSyslog: String?
    @Option(
        help: ArgumentHelp(
            "Tell alerts to journald, with fields, at this socket: /run/systemd/journal/socket.", valueName: "socket"))
    var alertJournal: String?
    @Option(
        help: ArgumentHelp(
            "Tell alerts by POST of signed JSON; may be given several times. Needs --alert-webhook-secret.",
            valueName: "url"))
    var alertWebhook: [String] = []
    @Option(
        help: ArgumentHelp(
            "File of mode 600 with the secret, 16 bytes or more, that webhooks are signed with; read for each message.",
            valueName: "file"))
    var alertWebhookSecret: String?
    @Option(
        help: ArgumentHelp(
            "PEM file of the authorities that may vouch for webhooks. (default: the system's)", valueName: "file"))
    var alertWebhookCA: String?
    @Option(
        help: ArgumentHelp(
            "Run this program, by its full path, for each alert, with JSON on its standard input and no shell.",
            valueName: "program"))
    var alertCommand: String?
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "An argument of that program; in their order. No secrets: others see them.", valueName: "arg"))
    var alertArgument: [String] = []
    @Option(
        help: ArgumentHelp("Tell alerts as bad as this or worse: notice, warning, critical.", valueName: "severity"))
    var alertFrom: AlertSeverity = .warning
    @Option(
        help: ArgumentHelp(
            "Alerts of one kind that each of them is told in a minute, 1 to 1000; the rest as one number.",
            valueName: "number"))
    var alertRate: Int = AlertLimits().perKind
    @Option(
        help: ArgumentHelp(
            "A device that runs something and says nothing for this long is alerted, at least 1s.", valueName: "span"))
    var alertSilence: Span = MonitorBounds().silentFor

    func validate() throws {
        guard (1...1000).contains(alertRate) else {
            throw ValidationError("--alert-rate \(alertRate) is not within 1 to 1000.")
        }
        guard alertSilence >= .seconds(1) else { throw ValidationError("--alert-silence \(alertSilence) is under 1s.") }
        guard alertWebhook.isEmpty || alertWebhookSecret != nil else {
            throw ValidationError(
                "--alert-webhook needs --alert-webhook-secret: who gets alerts must know that they are ours.")
        }
        guard alertArgument.isEmpty || alertCommand != nil else {
            throw ValidationError("--alert-argument is for the program of --alert-command.")
        }
        for path in [alertSyslog, alertJournal].compactMap(\.self) where !(1...107).contains(path.utf8.count) {
            throw ValidationError("'\(path)': the path of a socket has 1 to 107 bytes.")
        }
    }

    /// - Throws: `CommandEnd.badInput` when one of them could not work: better now than when it is needed.
    func configuration() throws -> AlertConfiguration {
        var sinks: [AlertSink] = []
        if let alertSyslog { sinks.append(.syslog(socket: alertSyslog)) }
        if let alertJournal { sinks.append(.journal(socket: alertJournal)) }
        for url in alertWebhook {
            let hook: Webhook
            do {
                hook = try Webhook(
                    url, secret: WebhookSecret(path: alertWebhookSecret ?? ""), authorities: alertWebhookCA)
            } catch {
                throw CommandEnd.badInput("--alert-webhook: \(error)")
            }
            if let problem = hook.problem { throw CommandEnd.badInput("--alert-webhook: \(problem)") }
            sinks.append(.webhook(hook))
        }
        if let alertCommand {
            let program = AlertProgram([alertCommand] + alertArgument)
            if let problem = program.problem { throw CommandEnd.badInput("--alert-command: \(problem)") }
            sinks.append(.command(program))
        }
        guard Set(sinks.map(\.name)).count == sinks.count else {
            throw CommandEnd.badInput("--alert-webhook: the same one is given twice")
        }
        return AlertConfiguration(
            sinks: sinks, severity: alertFrom, limits: AlertLimits(perKind: alertRate),
            bounds: MonitorBounds(silentFor: alertSilence))
    }
}
