import L45Model

/// The phrases of the language, as a table: to add one, add a row here and its case in `PhraseReader`.
struct PhraseGrammar {
    enum Kind: CaseIterable {
        case tag, monitor, rotate, rotateAt, rollout, dropUntagged, delay, label, guardPaths
        case threatLevel, use, levels
    }

    /// What a phrase leaves for its author to fill in.
    enum Slot: String {
        case program = "PROGRAM"
        case wireProtocol = "PROTOCOL"
        case port = "PORT"
        case offset = "BYTES"
        case tagBytes = "N"
        case frameBytes = "M"
        case label = "TEXT"
        case duration = "DURATION"
        case jitter = "JITTER"
        case level = "LEVEL"
        case from = "LOWEST"
        case to = "HIGHEST"
        case only = "ONE"
        case intents = "INTENT, ..."
        case levelNames = "LOWEST, ..., HIGHEST"
        case destination = "DESTINATION"
        case source = "SELECTOR"
        case probe = "ADDRESS"
        case calendar = "'MINUTE HOUR DAY MONTH WEEKDAY'"
        case waves = "1, 10%, rest"
        case soak = "SOAK"
        case budget = "3 undecoded, 5 dropped"
        case deadline = "DEADLINE"
        case unavailable = "10%"
        // What is done to each extension.
        case ecn, windowScaling, timestamps, sack, mss, mptcp, tfo

        /// The extension whose treatment fills it.
        var subject: PathExtension? {
            switch self {
            case .ecn: .ecn
            case .windowScaling: .windowScaling
            case .timestamps: .timestamps
            case .sack: .sack
            case .mss: .mss
            case .mptcp: .mptcp
            case .tfo: .tfo
            default: nil
            }
        }

        static let treatments: [Slot] = [.ecn, .windowScaling, .timestamps, .sack, .mss, .mptcp, .tfo]

        var usage: String { subject == nil ? rawValue : "POLICY" }

        /// Takes all words up to the next clause.
        var isList: Bool { [.waves, .budget, .intents, .levelNames].contains(self) }
    }

    enum Element {
        case word(String)
        case slot(Slot)

        var usage: String {
            switch self {
            case .word(let word): word
            case .slot(let slot): slot.usage
            }
        }
    }

    /// A part that a phrase may or may not have, in any order, each at most once.
    struct Clause {
        var name: String
        /// Clauses of one group exclude one another.
        var group: String
        var elements: [Element]

        init(_ name: String, group: String? = nil, _ elements: [Element]) {
            self.name = name
            self.group = group ?? name
            self.elements = elements
        }

        var usage: String { elements.map(\.usage).joined(separator: " ") }
        var firstWord: String { usage.split(separator: " ").first.map(String.init) ?? "" }
    }

    struct Rule {
        var kind: Kind
        var head: [Element]
        var clauses: [Clause]

        /// `rotate dialect every DURATION [with jitter JITTER]`.
        var usage: String {
            (head.map(\.usage) + clauses.map { "[\($0.usage)]" }).joined(separator: " ")
        }
        var shortUsage: String { head.map(\.usage).joined(separator: " ") }
        var firstWord: String { head.first?.usage ?? "" }
    }

    private static let onPort = Clause("on port", [.word("on"), .word("port"), .slot(.port)])
    private static let directions = [
        Clause("requests", group: "direction", [.word("requests")]),
        Clause("responses", group: "direction", [.word("responses")]),
    ]

    private static let jitter = Clause("with jitter", [.word("with"), .word("jitter"), .slot(.jitter)])
    private static let rollout = [
        Clause("in waves", [.word("in"), .word("waves"), .slot(.waves)]),
        Clause("soak", [.word("soak"), .slot(.soak)]),
        Clause("halt at", [.word("halt"), .word("at"), .slot(.budget)]),
        Clause("deadline", [.word("deadline"), .slot(.deadline)]),
        Clause("max unavailable", [.word("max"), .slot(.unavailable), .word("unavailable")]),
    ]

    static let rules: [Rule] = [
        Rule(
            kind: .tag, head: [.word("tag"), .slot(.program), .slot(.wireProtocol)],
            clauses: [
                onPort,
                Clause("at front", group: "place", [.word("at"), .word("front")]),
                Clause("at end", group: "place", [.word("at"), .word("end")]),
                Clause("at offset", group: "place", [.word("at"), .word("offset"), .slot(.offset)]),
                Clause("with bytes", [.word("with"), .slot(.tagBytes), .word("bytes")]),
                Clause("every bytes", [.word("every"), .slot(.frameBytes), .word("bytes")]),
                Clause("masked", group: "coding", [.word("masked")]),
                Clause("compressed", group: "coding", [.word("compressed")]),
                Clause("after handshake", [.word("after"), .word("handshake")]),
                Clause("label", [.word("label"), .slot(.label)]),
            ] + directions),
        Rule(
            kind: .monitor, head: [.word("monitor"), .slot(.program), .slot(.wireProtocol)],
            clauses: [onPort] + directions),
        Rule(
            kind: .rotate, head: [.word("rotate"), .word("dialect"), .word("every"), .slot(.duration)],
            clauses: [jitter] + rollout),
        Rule(
            kind: .rotateAt, head: [.word("rotate"), .word("dialect"), .word("at"), .slot(.calendar)],
            clauses: [jitter] + rollout),
        Rule(kind: .rollout, head: [.word("roll"), .word("out")], clauses: rollout),
        Rule(kind: .dropUntagged, head: [.word("drop"), .word("untagged")], clauses: []),
        Rule(kind: .delay, head: [.word("delay"), .slot(.duration)], clauses: []),
        Rule(kind: .label, head: [.word("label"), .slot(.label)], clauses: []),
        Rule(
            kind: .guardPaths, head: [.word("guard"), .word("paths")],
            clauses: [
                Clause("to", [.word("to"), .slot(.destination)]),
                Clause("from", [.word("from"), .slot(.source)]),
            ]
                + Slot.treatments.map { slot in
                    let words = slot.subject?.words ?? ""
                    return Clause(words, words.split(separator: " ").map { .word(String($0)) } + [.slot(slot)])
                } + [
                    Clause("every", [.word("every"), .slot(.duration)]), onPort,
                    Clause("probe", [.word("probe"), .slot(.probe)]),
                ]),
        Rule(kind: .threatLevel, head: [.word("threat"), .word("level"), .slot(.level)], clauses: []),
        Rule(
            kind: .use, head: [.word("use"), .slot(.intents)],
            clauses: [
                Clause("from", group: "levels", [.word("from"), .slot(.from)]),
                Clause("to", [.word("to"), .slot(.to)]),
                Clause("at", group: "levels", [.word("at"), .slot(.only)]),
            ]),
        Rule(kind: .levels, head: [.word("levels"), .slot(.levelNames)], clauses: []),
    ]

    /// One phrase a line, for help and for hints.
    static var usages: [String] { rules.map(\.shortUsage) }
}
