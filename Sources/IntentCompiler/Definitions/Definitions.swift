/// The mappings of the language. Each is given to the decoder of that mapping, which takes these keys and no other.
package enum Definitions {
    /// The version of the language that this l45 reads.
    package static let apiVersion = "l45/v1"

    /// All of them, the outer ones first.
    package static let all: [MappingDefinition] = [
        intent, item, tag, monitor, application, server, client, dialect, offset, windows, artifact, rotate, rollout,
        halt, guarded, extensions, probe, posture, levelSet, file, defaults, defaultItem, defaultTag,
    ]

    static let ends = "clients: {role: workstation}\nservers: {role: resolver}\n"

    /// An intent around one item.
    static func setting(
        item frame: String, _ base: [(key: String, value: String)] = [], beside: String = ""
    ) -> ExampleSetting {
        // An item that stands by itself has its keys below one another.
        ExampleSetting(
            "name: example\n\(ends)intent:\n\(beside)  - \(frame)\n", separator: frame == "@" ? "\n    " : ", ", base)
    }

    // MARK: documents

    private static let version = FieldDefinition(
        "apiVersion", .choice([apiVersion]), standard: apiVersion,
        "The version of the language that the document is written in.", example: apiVersion)

    private static let whole: [(key: String, value: String)] = [
        ("name", "example"), ("clients", "{role: workstation}"), ("servers", "{role: resolver}"),
        ("intent", "[tag dig DNS]"),
    ]

    package static let intent = MappingDefinition(
        name: "intent", title: "an intent",
        about: "An intent: what is wanted, and of whom. One document of a file.",
        fields: [
            version,
            FieldDefinition(
                "name", .intentName, required: true,
                "Unique in the fleet: 1 to 63 of a-z, 0-9 and '-'.", example: "dig-dns"),
            FieldDefinition(
                "after", .intentName,
                "The intent whose flows this one adds to: its monitors' delay adds to theirs, its label is put behind "
                    + "theirs, and both make one module.",
                example: "head",
                setting: ExampleSetting(
                    "name: head\n\(ends)intent: tag dig DNS\n---\n@\n", separator: "\n",
                    [
                        ("name", "example"), ("clients", "{role: workstation}"), ("servers", "{role: resolver}"),
                        ("intent", "[monitor dig DNS, label lab-7]"),
                    ])),
            FieldDefinition(
                "clients", .selector, standard: "every device",
                "The devices whose programs ask. A monitor watches only the sides that are given.",
                example: "{role: [workstation, kiosk], site: \"*\"}"),
            FieldDefinition(
                "servers", .selector, standard: "every device", "The devices whose programs answer.",
                example: "\"role=resolver,site!=lab,!spare\""),
            FieldDefinition(
                "intent", .oneOrMore(.either([.phrase(.all), .mapping(item)])), required: true,
                "What is to be done: phrases, items of the long form, or both.",
                example: "[tag dig DNS, rotate: {every: 6h}]"),
        ],
        setting: ExampleSetting("@\n", separator: "\n", whole))

    package static let file = MappingDefinition(
        name: "file", title: "a document of defaults",
        about: "A document without a name, the first of its file: what holds for all intents below it.",
        fields: [
            version,
            FieldDefinition(
                "variables",
                .named(
                    key: "^\(Variables.namePattern)$", .text(pattern: nil, words: "a text"),
                    words: "names of letters, digits, '-' and '_'"),
                "What `$(NAME)` stands for in any value below. `$$(` is a `$(` that stands for itself.",
                example: "{desk: workstation, period: 6h}"),
            FieldDefinition(
                "defaults", .mapping(defaults), "What an intent has that does not say otherwise.",
                example: "{servers: {role: resolver}}"),
        ],
        setting: ExampleSetting(
            "@\n---\nname: example\nclients: {role: $(desk)}\nservers: {role: resolver}\nintent: tag dig DNS\n",
            separator: "\n", [("variables", "{desk: workstation}")]))

    static let below = "\n---\nname: example\nintent: tag dig DNS\n"

    package static let defaults = MappingDefinition(
        name: "defaults", title: "'defaults'",
        about: "What an intent of the file has that does not say otherwise. A posture has no defaults.",
        fields: [
            FieldDefinition(
                "clients", .selector, "For intents that have no `clients`.", example: "{role: workstation}"),
            FieldDefinition("servers", .selector, "For intents that have no `servers`.", example: "role=resolver"),
            FieldDefinition(
                "tag", .mapping(defaultTag), "For every tag that does not say so itself.",
                example: "{dialect: {bytes: 24}, windows: {security: 1m}}"),
            FieldDefinition(
                "intent", .oneOrMore(.either([.phrase(.modifiers), .mapping(defaultItem)])),
                "How things are done, not what: items that say when a dialect rotates and how it goes round, that drop, "
                    + "delay or label. Each is taken by intents that tag and have no such item themselves.",
                example: "[rotate dialect every 6h, roll out in waves 1 rest]"),
        ],
        setting: ExampleSetting(
            "defaults: {@}\(below)", [("clients", "{role: workstation}"), ("servers", "{role: resolver}")]))

    package static let defaultItem = MappingDefinition(
        name: "defaultItem", title: "an item", about: "The long form of one item of `defaults: {intent: ...}`.",
        fields: modifiers, isChoice: true,
        setting: ExampleSetting(
            "defaults:\n  clients: {role: workstation}\n  servers: {role: resolver}\n  intent:\n    - {@}\(below)"))

    // MARK: items

    /// Items that say how, and may stand in defaults.
    private static let modifiers = [
        FieldDefinition(
            "rotate", .mapping(rotate), "When the dialects of the intent change their keys.", example: "{every: 6h}"),
        FieldDefinition(
            "rollout", .mapping(rollout), standard: "to every device at once",
            "How a new edition goes round, and what halts it.", example: "{waves: [1, 10%, rest], soak: 5m}"),
        FieldDefinition(
            "drop untagged", .flag, standard: "false",
            "Once every sender speaks the dialect, what comes plain is dropped.", example: "true"),
        FieldDefinition(
            "delay", .span(TagDraft.delayRange), standard: "0s", "How long each send is held back.",
            example: "100ms"),
        FieldDefinition(
            "label", .label,
            "For the tags of the intent that have none; after another intent, what is put behind its label.",
            example: "lab-7"),
    ]

    package static let item = MappingDefinition(
        name: "item", title: "an item", about: "The long form of one item of `intent:`; it has one key.",
        fields: [
            FieldDefinition(
                "tag", .mapping(tag), "A keyed tag in each message of a flow, or before every so many bytes of it.",
                example: "{application: dig, transport: udp, port: 53}", setting: setting(item: "@")),
            FieldDefinition(
                "monitor", .mapping(monitor), "Counts what a flow carries, and changes nothing.",
                example: "{application: dig, transport: udp, port: 53}", setting: setting(item: "@")),
        ] + modifiers + [
            FieldDefinition(
                "guard", .mapping(guarded), "Looks at paths, and gates what a middlebox breaks.",
                example: "{every: 10m}", setting: setting(item: "@")),
            FieldDefinition(
                "posture", .mapping(posture),
                "Which intents are in force at which level; stands alone in its document.",
                example: "{level: CPCON5, levels: {CPCON3: {up: [dig-dns]}}}",
                setting: ExampleSetting("name: example\nintent:\n  - @\n")),
        ], isChoice: true, setting: setting(item: "@", beside: "  - tag dig DNS\n"))
}
