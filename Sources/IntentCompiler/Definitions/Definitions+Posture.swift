extension Definitions {
    private static let frame = "name: example\nintent:\n  - posture: {@}\n"

    package static let posture = MappingDefinition(
        name: "posture", title: "'posture'",
        about: "Which intents are in force at which level. Intents that no level names are in force always.",
        fields: [
            FieldDefinition(
                "level", .level, required: true, "The level that holds until a command names another.",
                example: "CPCON5"),
            FieldDefinition(
                "levels",
                .named(key: PostureText.level, .either([.mapping(levelSet), .nothing]), words: "levels, lowest first"),
                required: true,
                "What each level adds. Names of your own are given all, lowest first; of CPCON5 to CPCON1 those that add "
                    + "something.",
                example: "{calm: {up: [dig-dns]}, storm: {only: [drill]}}",
                setting: ExampleSetting(frame, [("level", "calm")])),
        ],
        setting: ExampleSetting(frame, [("level", "CPCON4"), ("levels", "{CPCON4: {up: [dig-dns]}}")]))

    package static let levelSet = MappingDefinition(
        name: "levelSet", title: "a level", about: "What a level adds.",
        fields: [
            FieldDefinition(
                "up", .oneOrMore(.intents), "In force at this level and all above.", example: "[dig-dns, \"web-*\"]"),
            FieldDefinition("only", .oneOrMore(.intents), "In force at this level alone.", example: "drill"),
        ],
        setting: ExampleSetting("name: example\nintent:\n  - posture: {level: CPCON5, levels: {CPCON3: {@}}}\n"))
}
