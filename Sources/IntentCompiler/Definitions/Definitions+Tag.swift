import L45Model

extension Definitions {
    private static let udp: [(key: String, value: String)] = [
        ("application", "dig"), ("transport", "udp"), ("port", "53"),
    ]
    private static let tcp: [(key: String, value: String)] = [
        ("application", "curl"), ("transport", "tcp"), ("port", "80"),
    ]

    private static let programs = Shape.either([.program, .mapping(application)])

    /// Before and after the fields that only a tag has.
    private static let flow = [
        FieldDefinition(
            "application", programs, standard: "any", "The program that opens the conversation.", example: "dig"),
        FieldDefinition(
            "transport", .choice(Transport.allCases.map(\.rawValue)), required: true, "Messages or a stream.",
            example: "udp"),
        FieldDefinition(
            "port", .either([.port, .choice(["any"])]), required: true,
            "The port that the server listens on. With `any`, name the server's program.", example: "5353"),
        FieldDefinition(
            "server", .mapping(server), "The end that answers, beyond its devices.",
            example: "{addresses: [198.51.100.0/24], application: dnsmasq}"),
        FieldDefinition(
            "client", .mapping(client), "The end that asks, beyond its devices.",
            example: "{addresses: 192.0.2.0/24}"),
        FieldDefinition(
            "direction", .choice(TagDraft.Direction.allCases.map(\.rawValue)), standard: "both",
            "Which way the flow is changed or counted.", example: "request"),
    ]
    private static let dialectField = FieldDefinition(
        "dialect", .mapping(dialect), "Where the tag stands and what is in it.",
        example: "{at: end, bytes: 40, label: dns-app}")
    private static let attachment = [
        FieldDefinition(
            "attach", .choice(["all", "new"]), standard: "all",
            "Every socket, or only those that are opened once the module is there.", example: "new"),
        FieldDefinition(
            "priority", .number(TagDraft.priorityRange), standard: "\(TagIntent.Defaults.priority)",
            "Orders intents that meet on one socket, higher first. It orders them only where each gives its own.",
            example: "200"),
    ]
    private static let dropping = FieldDefinition(
        "drop untagged", .flag, standard: "false",
        "Once every sender speaks the dialect, what comes plain is dropped.", example: "true")
    private static let timing = [
        FieldDefinition(
            "delay", .span(TagDraft.delayRange), standard: "0s", "How long each send is held back.", example: "250ms"),
        FieldDefinition(
            "windows", .mapping(windows), "How often the module is asked for its state, and checked.",
            example: "{state: 10s, security: 1m}"),
        FieldDefinition(
            "test", .flag, standard: "false", "Installed, attached and counting, but changing nothing.",
            example: "true"),
        FieldDefinition(
            "artifact", .mapping(artifact), "A file that the module comes with.",
            example: "{sha256: \(Definitions.digest), bytes: 600000}"),
    ]
    private static let digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

    package static let tag = MappingDefinition(
        name: "tag", title: "'tag'",
        about: "A keyed tag in each message of a flow, or before every so many bytes of a stream.",
        fields: flow + [dialectField] + attachment + [dropping] + timing, setting: setting(item: "tag: {@}", udp))

    /// What a file may say of all its tags: how a flow is tagged, and not which.
    package static let defaultTag = MappingDefinition(
        name: "defaultTag", title: "'tag'",
        about:
            "What each tag of the file has that does not say otherwise. Of `dialect` each takes what suits its transport.",
        fields: flow.filter { $0.key == "direction" } + [dialectField] + attachment
            + timing.filter { ["windows", "test"].contains($0.key) },
        setting: ExampleSetting(
            "defaults:\n  clients: {role: workstation}\n  servers: {role: resolver}\n  tag: {@}\(below)"))

    package static let monitor = MappingDefinition(
        name: "monitor", title: "'monitor'", about: "Counts what a flow carries, and changes nothing.",
        fields: flow + attachment + timing, setting: setting(item: "monitor: {@}", udp))

    package static let application = MappingDefinition(
        name: "application", title: "'application'",
        about:
            "A program by the names that the kernel shows: at most \(Check.programBytesMax) bytes, `*` may end them.",
        fields: [
            FieldDefinition("process", .program, standard: "any", "As in /proc/PID/comm.", example: "dig"),
            FieldDefinition(
                "thread", .program, standard: "any", "As in /proc/PID/task/TID/comm.", example: "\"isc-net-*\""),
        ],
        setting: setting(item: "tag: {transport: udp, port: 53, application: {@}}"))

    package static let server = MappingDefinition(
        name: "server", title: "'server'", about: "The end that answers, beyond its devices.",
        fields: [
            FieldDefinition(
                "addresses", .oneOrMore(.address), standard: "those of the devices of `servers`",
                "Where clients meet it.", example: "[10.0.0.0/8, \"2001:db8::/32\"]"),
            FieldDefinition(
                "application", programs, standard: "any", "The program that answers.", example: "{process: dnsmasq}"),
        ],
        setting: setting(item: "tag: {application: dig, transport: udp, port: 53, server: {@}}"))

    package static let client = MappingDefinition(
        name: "client", title: "'client'", about: "The end that asks, beyond its devices.",
        fields: [
            FieldDefinition(
                "addresses", .oneOrMore(.address), standard: "any", "From where it asks.", example: "192.0.2.7")
        ],
        setting: setting(item: "tag: {application: dig, transport: udp, port: 53, client: {@}}"))

    private static let stream = setting(item: "tag: {application: curl, transport: tcp, port: 80, dialect: {@}}")

    private static let tls = setting(item: "tag: {application: curl, transport: tcp, port: 443, dialect: {@}}")

    package static let dialect = MappingDefinition(
        name: "dialect", title: "'dialect'", about: "Where the tag stands and what is in it.",
        fields: [
            FieldDefinition(
                "at", .either([.choice(["front", "end"]), .mapping(offset)]), standard: "front",
                "Messages only: where in the message.", example: "{offset: 12}"),
            FieldDefinition(
                "every", .number(DialectBounds.frameBytesMin...DialectBounds.frameBytesMax),
                standard: "\(TagIntent.Defaults.frameBytes)",
                "Streams only: plain bytes from one tag to the next.", example: "1448", setting: stream),
            FieldDefinition(
                "after", .choice(["handshake"]), standard: "the first byte is tagged",
                "TLS over tcp only: the handshake stays as it is, and the dialect begins behind it.",
                example: "handshake",
                setting: tls),
            FieldDefinition(
                "coding", .choice(DatagramTag.Coding.words.map(\.0)), standard: "none",
                "Messages only: what is done to the rest of the message.", example: "masked"),
            FieldDefinition(
                "bytes", .number(DialectBounds.tagBytesMin...DialectBounds.tagBytesMax),
                standard: "\(TagIntent.Defaults.tagBytes)",
                "The length of the tag: \(DialectBounds.tagBytesMin) bytes of identification and proof, then the label.",
                example: "40"),
            FieldDefinition("label", .label, standard: "none", "Readable on the wire.", example: "dns-app"),
        ],
        setting: setting(item: "tag: {application: dig, transport: udp, port: 53, dialect: {@}}"))

    package static let offset = MappingDefinition(
        name: "offset", title: "'at'", about: "Behind so many bytes of the message; at its end when it is shorter.",
        fields: [
            FieldDefinition(
                "offset", .number(0...DialectBounds.offsetMax), required: true, "Bytes of the message.", example: "12")
        ],
        setting: setting(item: "tag: {application: dig, transport: udp, port: 53, dialect: {at: {@}}}"))

    package static let windows = MappingDefinition(
        name: "windows", title: "'windows'", about: "How often the orchestrator looks at the module.",
        fields: [
            FieldDefinition(
                "state", .span(TagDraft.windowRange), standard: "\(TagIntent.Defaults.stateWindow)",
                "From one report of its state to the next.", example: "10s"),
            FieldDefinition(
                "security", .span(TagDraft.windowRange), standard: "\(TagIntent.Defaults.securityWindow)",
                "From one security check to the next.", example: "1m"),
        ],
        setting: setting(item: "tag: {application: dig, transport: udp, port: 53, windows: {@}}"))

    package static let artifact = MappingDefinition(
        name: "artifact", title: "'artifact'", about: "A file that the module comes with, by its content.",
        fields: [
            FieldDefinition(
                "sha256", .text(pattern: "^[0-9A-Fa-f]{64}$", words: "64 hex digits"), required: true,
                "SHA-256 of its bytes.", example: digest),
            FieldDefinition(
                "bytes", .number(1...ItemDecoder.artifactBytesMax), required: true, "Its length.", example: "600000"),
        ],
        setting: setting(
            item: "tag: {application: dig, transport: udp, port: 53, artifact: {@}}",
            [("sha256", digest), ("bytes", "1024")]))
}
