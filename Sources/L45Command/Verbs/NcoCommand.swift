import ArgumentParser
import Foundation
import Glibc
import L45Model
import Logging
import Orchestrator
import Reconciler
import ServiceLifecycle
import UnixSignals

/// `l45 nco`: the orchestrator.
struct NcoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nco",
        abstract: "Run the orchestrator.",
        discussion: """
            Keeps the fleet's state in --state (root.key in it opens the rest: back both up), serves agents at --listen over \
            mutual TLS, and operators at the socket api.sock in the state folder. Ends well on SIGTERM and SIGINT; killed \
            in any other way, it goes on where it stood.

              l45 nco --state /var/lib/l45/nco --listen 0.0.0.0:7450
              l45 rotate-key --state /var/lib/l45/nco            another root.key, while it is stopped
            """)

    @Option(help: ArgumentHelp("Folder of the orchestrator's state; made if need be.", valueName: "folder"))
    var state: String?
    @Option(help: ArgumentHelp("Where agents connect; port 0 takes any free one.", valueName: "host:port"))
    var listen = HostPort(host: "0.0.0.0", port: HostPort.standardPort)
    @Option(
        help: ArgumentHelp(
            "How long decoders of a dialect stay after its last sender left it: longer than the slowest retransmission.",
            valueName: "span"))
    var drainBound: Span = RolloutPolicy().drainBound
    @Option(help: ArgumentHelp("A table that no tap confirms is sent again after this long.", valueName: "span"))
    var resendAfter: Span = RolloutPolicy().resendAfter
    @Option(help: ArgumentHelp("Agents report at least this often.", valueName: "span"))
    var reportEvery: Span = .seconds(10)
    @Option(help: ArgumentHelp("An agent that says nothing for this long is away.", valueName: "span"))
    var silenceMax: Span = .seconds(45)
    @Option(
        help: ArgumentHelp(
            "At least this long from one pass of the reconciler to the next: what arrives meanwhile is decided together.",
            valueName: "span"))
    var passEvery: Span = .milliseconds(20)
    @Option(
        help: ArgumentHelp(
            "Intents whose rotation by schedule may be under way at a time, 1 to 100000; of more that are due, the longest "
                + "overdue go first.", valueName: "number"))
    var rotationsAtOnce: Int = RolloutPolicy().rotationsAtOnceMax
    @Option(
        help: ArgumentHelp(
            "Modules are challenged at least this often, where their intents ask for less; 1s to 1d.", valueName: "span"
        ))
    var secCheckWindow: Span?
    @Option(
        help: ArgumentHelp(
            "A challenge that is not answered for this long is sent again; the third in a row fails the module.",
            valueName: "span"))
    var checkSilence: Span = CheckPolicy().silence
    @Option(
        help: ArgumentHelp(
            "Serve operators on other machines here too, over TLS, by certificate or token; port 0 takes any free one.",
            valueName: "host:port"))
    var operators: HostPort?
    @Option(help: ArgumentHelp("The operators' socket, in place of api.sock in the state folder.", valueName: "path"))
    var socket: String?
    @Option(
        help: ArgumentHelp(
            "Members of this group may connect to the socket too; 'l45 operator add' says what they may do.",
            valueName: "name|number"))
    var socketGroup: String?
    @Option(help: KeyPlace.help)
    var key: KeyPlace?
    @OptionGroup(title: "Alerts") var alerts: AlertOptions
    @OptionGroup(title: "Git repositories") var git: GitOptions
    @OptionGroup var logs: LogOptions

    func validate() throws {
        guard (1...100_000).contains(rotationsAtOnce) else {
            throw ValidationError(
                "--rotations-at-once \(rotationsAtOnce) is not within 1 to 100000; to stop an intent's rotation by schedule, "
                    + "use 'l45 rollout pause INTENT'.")
        }
        if let secCheckWindow, secCheckWindow < .seconds(1) || secCheckWindow > .seconds(86_400) {
            throw ValidationError("--sec-check-window \(secCheckWindow) is not within 1s to 1d.")
        }
        guard checkSilence >= .milliseconds(500) else {
            throw ValidationError("--check-silence \(checkSilence) is under 500ms.")
        }
        guard silenceMax >= .seconds(3) else { throw ValidationError("--silence-max \(silenceMax) is under 3s.") }
        guard passEvery > .zero, reportEvery > .zero, resendAfter > .zero else {
            throw ValidationError("--pass-every, --report-every and --resend-after are longer than 0s.")
        }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let folder = state ?? StateFolders(environment: environment, uid: geteuid()).orchestrator
        let logger = logs.logger("l45.nco")
        let told = try alerts.configuration()
        let orchestrator: NetworkOrchestrator
        let group = try socketGroup.map(Self.group)
        let followed = try git.configuration()
        do {
            try FileManager.default.createDirectory(
                atPath: (folder as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            orchestrator = try NetworkOrchestrator(
                configuration: OrchestratorConfiguration(
                    stateFolder: folder, host: listen.host, port: listen.port,
                    policy: RolloutPolicy(
                        drainBound: drainBound, resendAfter: resendAfter, rotationsAtOnceMax: rotationsAtOnce),
                    reportEvery: reportEvery,
                    heartbeatEvery: .milliseconds(silenceMax.milliseconds / 3), silenceMax: silenceMax,
                    passEvery: passEvery,
                    checks: CheckPolicy(windowMax: secCheckWindow, silence: checkSilence), alerts: told,
                    operators: operators.map { OrchestratorConfiguration.Door(host: $0.host, port: $0.port) },
                    operatorGroup: group, socket: socket, key: key, git: followed),
                logger: logger)
        } catch {
            throw CommandEnd.badInput("the orchestrator can not start: \(error)")
        }
        do {
            try await ServiceGroup(
                services: [OrchestratorRun(orchestrator: orchestrator)], gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            ).run()
        } catch {
            throw CommandEnd.badInput("the orchestrator stopped: \(error)")
        }
    }
}

extension NcoCommand {
    /// - Throws: `CommandEnd`, when there is no such group.
    private static func group(_ text: String) throws -> UInt32 {
        if let number = UInt32(text) { return number }
        var record = Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var room = [CChar](repeating: 0, count: 16 << 10)
        guard getgrnam_r(text, &record, &room, room.count, &found) == 0, found != nil else {
            throw CommandEnd.badInput(
                "there is no group '\(text)' on this machine", hint: "name another, or its number")
        }
        return record.gr_gid
    }
}

/// The orchestrator as a service that ends in order.
private struct OrchestratorRun: Service {
    let orchestrator: NetworkOrchestrator

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await orchestrator.run() }
    }
}
