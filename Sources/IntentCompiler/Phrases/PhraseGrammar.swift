import L45Model

/// The phrases of the language, as a table: to add one, add a row here and its case in `PhraseReader`.
struct PhraseGrammar {
    enum Kind: CaseIterable {
        case tag, monitor, rotate, rotateAt, rollout, dropUntagged, delay, label, guardPaths
        case threatLevel, use, levels

        /// Those that say how, not what: they may stand in the defaults of a file.
        static let modifiers: Set<Kind> = [.rotate, .rotateAt, .rollout, .dropUntagged, .delay, .label]
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
        /// For the reference.
        var about: String
        /// The clause, filled in.
        var example: String

        init(
            _ name: String, group: String? = nil, _ elements: [Element], _ about: String, example: String? = nil
        ) {
            self.name = name
            self.group = group ?? name
            self.elements = elements
            self.about = about
            self.example = example ?? name
        }

        var usage: String { elements.map(\.usage).joined(separator: " ") }
        var firstWord: String { usage.split(separator: " ").first.map(String.init) ?? "" }
    }

    struct Rule {
        var kind: Kind
        var head: [Element]
        /// One sentence for the reference.
        var about: String
        /// The head, filled in.
        var example: String
        var clauses: [Clause]

        /// `rotate dialect every DURATION [with jitter JITTER]`.
        var usage: String {
            (head.map(\.usage) + clauses.map { "[\($0.usage)]" }).joined(separator: " ")
        }
        var shortUsage: String { head.map(\.usage).joined(separator: " ") }
        var firstWord: String { head.first?.usage ?? "" }
    }

    private static let onPort = Clause(
        "on port", [.word("on"), .word("port"), .slot(.port)], "another port than the protocol's own",
        example: "on port 5353")
    private static let directions = [
        Clause("requests", group: "direction", [.word("requests")], "only what clients send"),
        Clause("responses", group: "direction", [.word("responses")], "only what servers send"),
    ]

    private static let jitter = Clause(
        "with jitter", [.word("with"), .word("jitter"), .slot(.jitter)],
        "off its time by at most this, so that an observer can not tell when", example: "with jitter 30m")
    private static let rollout = [
        Clause(
            "in waves", [.word("in"), .word("waves"), .slot(.waves)],
            "how far it has come when each wave is done: a number, a share, a label, the rest",
            example: "in waves 1, 10%, site=lab, rest"),
        Clause("soak", [.word("soak"), .slot(.soak)], "wait after each wave", example: "in waves 1, rest; soak 5m"),
        Clause(
            "halt at", [.word("halt"), .word("at"), .slot(.budget)],
            "stop at so many messages that are undecoded, dropped or plain", example: "halt at 3 undecoded, 10 dropped"),
        Clause(
            "deadline", [.word("deadline"), .slot(.deadline)], "halt when it is not over by then",
            example: "deadline 4h"),
        Clause(
            "max unavailable", [.word("max"), .slot(.unavailable), .word("unavailable")],
            "so many devices at a time without a confirmed table", example: "max 10% unavailable"),
    ]

    static let rules: [Rule] = [
        Rule(
            kind: .tag, head: [.word("tag"), .slot(.program), .slot(.wireProtocol)],
            about: "a keyed tag in each message, or before every so many bytes of a stream", example: "tag dig DNS",
            clauses: [
                onPort,
                Clause("at front", group: "place", [.word("at"), .word("front")], "messages: before the first byte"),
                Clause("at end", group: "place", [.word("at"), .word("end")], "messages: behind the last byte"),
                Clause(
                    "at offset", group: "place", [.word("at"), .word("offset"), .slot(.offset)],
                    "messages: behind so many bytes", example: "at offset 12"),
                Clause(
                    "with bytes", [.word("with"), .slot(.tagBytes), .word("bytes")], "the length of the tag",
                    example: "with 40 bytes"),
                Clause(
                    "every bytes", [.word("every"), .slot(.frameBytes), .word("bytes")],
                    "streams: plain bytes from one tag to the next", example: "every 1448 bytes"),
                Clause("masked", group: "coding", [.word("masked")], "messages: what follows the tag is masked"),
                Clause("compressed", group: "coding", [.word("compressed")], "DNS over udp: queries are shortened"),
                Clause(
                    "after handshake", [.word("after"), .word("handshake")],
                    "TLS over tcp: the handshake stays as it is"),
                Clause(
                    "label", [.word("label"), .slot(.label)], "a text in the tag, readable on the wire",
                    example: "label dns-app"),
            ] + directions),
        Rule(
            kind: .monitor, head: [.word("monitor"), .slot(.program), .slot(.wireProtocol)],
            about: "count, change nothing", example: "monitor curl HTTP",
            clauses: [onPort] + directions),
        Rule(
            kind: .rotate, head: [.word("rotate"), .word("dialect"), .word("every"), .slot(.duration)],
            about: "new keys by a period, on live sockets", example: "rotate dialect every 6h",
            clauses: [jitter] + rollout),
        Rule(
            kind: .rotateAt, head: [.word("rotate"), .word("dialect"), .word("at"), .slot(.calendar)],
            about: "new keys by the calendar, as in crontab(5), in UTC", example: "rotate dialect at '0 3 * * *'",
            clauses: [jitter] + rollout),
        Rule(
            kind: .rollout, head: [.word("roll"), .word("out")],
            about: "how a new edition goes round; at least one clause", example: "roll out", clauses: rollout),
        Rule(
            kind: .dropUntagged, head: [.word("drop"), .word("untagged")],
            about: "once every sender speaks the dialect, drop what comes plain", example: "drop untagged", clauses: []),
        Rule(
            kind: .dropUntagged, head: [.word("drop"), .word("unless"), .word("tagged")],
            about: "the same in other words", example: "drop unless tagged", clauses: []),
        Rule(
            kind: .delay, head: [.word("delay"), .slot(.duration)], about: "hold each send back, at most 10 s",
            example: "delay 100ms", clauses: []),
        Rule(
            kind: .label, head: [.word("label"), .slot(.label)],
            about: "for the tags of the intent that have none; after another intent, what is put behind its label",
            example: "label lab-7", clauses: []),
        Rule(
            kind: .guardPaths, head: [.word("guard"), .word("paths")],
            about: "look at the paths from the clients, and gate what a middlebox breaks", example: "guard paths",
            clauses: [
                Clause(
                    "to", [.word("to"), .slot(.destination)],
                    "whom the gates are for: address blocks with commas between, or a selector; else `servers`",
                    example: "to 10.2.0.0/24"),
                Clause(
                    "from", [.word("from"), .slot(.source)], "the devices that guard; else `clients`",
                    example: "from role=workstation"),
            ]
                + Slot.treatments.map { slot in
                    let words = slot.subject?.words ?? ""
                    return Clause(
                        words, words.split(separator: " ").map { .word(String($0)) } + [.slot(slot)],
                        "auto, allow, deny\(slot == .ecn ? " or proven" : "")", example: "\(words) deny")
                } + [
                    Clause(
                        "every", [.word("every"), .slot(.duration)], "from one look at a path to the next",
                        example: "every 10m"), onPort,
                    Clause(
                        "probe", [.word("probe"), .slot(.probe)], "one address within the destination",
                        example: "to 10.2.0.0/24 probe 10.2.0.9"),
                ]),
        Rule(
            kind: .threatLevel, head: [.word("threat"), .word("level"), .slot(.level)],
            about: "the level that holds until a command names another; in a posture", example: "threat level CPCON5",
            clauses: []),
        Rule(
            kind: .use, head: [.word("use"), .slot(.intents)],
            about: "which intents are in force at which level; in a posture", example: "use dig-dns, web-*",
            clauses: [
                Clause(
                    "from", group: "levels", [.word("from"), .slot(.from)], "at this level and all above",
                    example: "from CPCON3"),
                Clause(
                    "to", [.word("to"), .slot(.to)], "with `from`: no higher than this",
                    example: "from CPCON4 to CPCON3"),
                Clause(
                    "at", group: "levels", [.word("at"), .slot(.only)], "at this level alone", example: "at CPCON2"),
            ]),
        Rule(
            kind: .levels, head: [.word("levels"), .slot(.levelNames)],
            about: "2 to 16 levels of your own instead of CPCON5 to CPCON1; in a posture",
            example: "levels calm, storm", clauses: []),
    ]

    /// One phrase a line, for help and for hints.
    static var usages: [String] { rules.map(\.shortUsage) }
}
