import ArgumentParser
import L45Model

struct WaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until something has come about.",
        discussion: """
            Says what it waits for, on which device and since when; gives up with exit status 1, and at once with 5 when the \
            rollout is halted, by its error budget or its deadline, or the commit that is named is refused.

              l45 wait intent/dns --for settled --timeout 2m
              l45 wait intent/dns --for deleted
              l45 wait device/resolver-1 device/client-1 --for connected
              l45 wait path/edge-1/wan/10.2.0.0/24 --for gated
              l45 wait threat-level/CPCON2 --for settled
              l45 wait module/3f0c6d6b8f1a2e45 --for confirmed
              l45 wait source/net --for applied=4b825dc642cb        this commit; without one, what the repository has
              l45 wait source/net --for healthy
            """)

    /// What `--for` says: a word, and of `applied=COMMIT` the commit.
    struct Condition: ExpressibleByArgument, Hashable, Sendable {
        enum Word: String, CaseIterable, Sendable {
            case settled, deleted, connected, gated, clear, confirmed, applied, healthy
        }

        var word: Word
        var commit: String?

        /// - Returns: nil unless it is one of the words; `applied` may have a commit behind it, 4 to 64 hex digits.
        init?(argument: String) {
            let sides = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let word = Word(rawValue: String(sides[0])) else { return nil }
            self.word = word
            guard sides.count == 2 else { return }
            let commit = sides[1].lowercased()
            guard word == .applied, (4...64).contains(commit.utf8.count),
                commit.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
            else { return nil }
            self.commit = commit
        }

        static var allValueStrings: [String] { Word.allCases.map(\.rawValue) }
        static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
    }

    @Argument(
        help: ArgumentHelp(
            "intent/NAME, device/NAME, module/ID, path/NAME, source/NAME or threat-level/LEVEL.", valueName: "kind/name"
        ))
    var subjects: [String]
    @Option(
        name: .customLong("for"),
        help: ArgumentHelp(
            "What for: settled, deleted, connected, confirmed, gated, clear, applied, applied=COMMIT or healthy.",
            valueName: "condition"))
    var condition: Condition
    @Option(help: ArgumentHelp("How long: 250ms, 90s, 5m, 6h.", valueName: "span"))
    var timeout: Span = .seconds(60)
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard !subjects.isEmpty else {
            throw ValidationError("Say what to wait for, such as intent/NAME or source/NAME.")
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
                throw ValidationError("'\(subject)' is no KIND/NAME, such as intent/dns or source/net.")
            }
            switch (parts[0], condition.word) {
            case ("intent", .settled): return .settled(IntentName(parts[1]))
            case ("intent", .deleted): return .deleted(IntentName(parts[1]))
            case ("device", .connected): return .connected(parts[1])
            case ("path", .gated): return .path(parts[1], .gated)
            case ("path", .clear): return .path(parts[1], .clear)
            case ("threat-level", .settled): return .level(PostureLevel(parts[1]))
            case ("module", .confirmed): return .confirmed(parts[1])
            case ("source", .applied): return .applied(parts[1], commit: condition.commit)
            case ("source", .healthy): return .healthy(parts[1])
            case ("intent", _), ("device", _), ("path", _), ("threat-level", _), ("module", _), ("source", _):
                throw ValidationError(
                    "\(parts[0]) and '\(condition.word.rawValue)' do not go together: intents are settled or deleted, "
                        + "devices connected, modules confirmed, paths gated or clear, sources applied or healthy, "
                        + "levels settled.")
            default:
                throw ValidationError(
                    "'\(subject)' is no intent/NAME, device/NAME, module/ID, path/NAME, source/NAME or threat-level/LEVEL."
                )
            }
        }
    }
}
