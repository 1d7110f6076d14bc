import ArgumentParser
import L45Model

struct WaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until something has come about.",
        discussion: """
            Says what it waits for, on which device and since when; gives up with exit status 1, and at once with 5 when the \
            rollout is halted: by its error budget or its deadline.

              l45 wait intent/dns --for settled --timeout 2m
              l45 wait intent/dns --for deleted
              l45 wait device/resolver-1 device/client-1 --for connected
              l45 wait path/edge-1/wan/10.2.0.0/24 --for gated
              l45 wait threat-level/CPCON2 --for settled
            """)

    enum Condition: String, ExpressibleByArgument, CaseIterable, Sendable {
        case settled, deleted, connected, gated, clear
    }

    @Argument(help: ArgumentHelp("intent/NAME, device/NAME, path/NAME or threat-level/LEVEL.", valueName: "kind/name"))
    var subjects: [String]
    @Option(name: .customLong("for"), help: "What for.")
    var condition: Condition
    @Option(help: ArgumentHelp("How long: 250ms, 90s, 5m, 6h.", valueName: "span"))
    var timeout: Span = .seconds(60)
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard !subjects.isEmpty else {
            throw ValidationError("Say what to wait for: intent/NAME, device/NAME or path/NAME.")
        }
        _ = try goals()
    }

    func run() async throws {
        try await Waiter(client: try server.client, console: .standard, timeout: timeout).wait(for: goals())
    }

    private func goals() throws -> [WaitGoal] {
        try subjects.map { subject in
            let parts = subject.split(separator: "/", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw ValidationError("'\(subject)' is neither intent/NAME nor device/NAME nor path/NAME.")
            }
            switch (parts[0], condition) {
            case ("intent", .settled): return .settled(IntentName(parts[1]))
            case ("intent", .deleted): return .deleted(IntentName(parts[1]))
            case ("device", .connected): return .connected(parts[1])
            case ("path", .gated): return .path(parts[1], .gated)
            case ("path", .clear): return .path(parts[1], .clear)
            case ("threat-level", .settled): return .level(PostureLevel(parts[1]))
            case ("intent", _), ("device", _), ("path", _), ("threat-level", _):
                throw ValidationError(
                    "\(parts[0]) and '\(condition.rawValue)' do not go together: intents are settled or deleted, "
                        + "devices connected, paths gated or clear, levels settled.")
            default:
                throw ValidationError(
                    "'\(subject)' is neither intent/NAME nor device/NAME nor path/NAME nor threat-level/LEVEL.")
            }
        }
    }
}
