import L45Model

extension Definitions {
    package static let rotate = MappingDefinition(
        name: "rotate", title: "'rotate'", about: "When the dialects of the intent change their keys, on live sockets.",
        fields: [
            FieldDefinition(
                "every", .span(Rotation.everyRange), "The period. Either this or `at`.", example: "6h",
                setting: setting(item: "rotate: {@}", beside: tagged)),
            FieldDefinition(
                "at", .text(pattern: nil, words: "MINUTE HOUR DAY MONTH WEEKDAY, as in crontab(5), in UTC"),
                "By the calendar. Either this or `every`.", example: "\"0 3 * * *\"",
                setting: setting(item: "rotate: {@}", beside: tagged)),
            FieldDefinition(
                "jitter", .span(Rotation.jitterRange), standard: "0s",
                "The most by which a rotation may be off its time, so that an observer can not tell when.",
                example: "30m"),
        ],
        oneOf: ["every", "at"], setting: setting(item: "rotate: {@}", [("every", "6h")], beside: tagged))

    static let tagged = "  - tag dig DNS\n"

    package static let rollout = MappingDefinition(
        name: "rollout", title: "'rollout'", about: "How a new edition goes round, and what halts it.",
        fields: [
            FieldDefinition(
                "waves",
                .list(
                    of: .either([
                        .number(RolloutDraft.devicesRange),
                        .text(
                            pattern:
                                "^([0-9]+|([1-9][0-9]?|100)%|[Rr][Ee][Ss][Tt]|[A-Za-z0-9_./-]{1,63}=[A-Za-z0-9_./-]{1,63})$",
                            words: "a share `10%`, a label `site=lab` or `rest`"),
                    ]), atMost: RolloutDraft.wavesMax),
                standard: "one wave of all",
                "How far the rollout has come when each wave is done.", example: "[1, 10%, site=lab, rest]"),
            FieldDefinition(
                "soak", .span(RolloutDraft.soakRange), standard: "0s",
                "From the confirmation of a wave to the beginning of the next.", example: "5m"),
            FieldDefinition(
                "halt", .mapping(halt), standard: "never for errors", "Errors that stop it where it is.",
                example: "{undecoded: 3}"),
            FieldDefinition(
                "deadline", .span(RolloutDraft.deadlineRange), standard: "none",
                "When it is not over by then, it halts.", example: "4h"),
            FieldDefinition(
                "max unavailable",
                .either([
                    .number(RolloutDraft.devicesRange),
                    .text(pattern: "^([0-9]+|([1-9][0-9]?|100)%)$", words: "a share `10%`"),
                ]), standard: "all",
                "The most devices that may be without a confirmed table at a time for its sake.", example: "10%"),
        ],
        setting: setting(item: "rollout: {@}", [("waves", "[1, rest]")], beside: tagged))

    package static let halt = MappingDefinition(
        name: "halt", title: "'halt'", about: "How many messages of a kind halt a rollout.",
        fields: zip(
            RolloutStrategy.Budget.Kind.allCases,
            [
                "Bore the edition's mark and did not verify.", "Came plain and were dropped.",
                "Came plain and were handed over, where an edition was in force before.",
            ]
        ).map { kind, about in
            FieldDefinition(
                kind.rawValue, .number(RolloutDraft.messagesRange), standard: "any number", about, example: "3")
        },
        setting: setting(item: "rollout: {waves: [1, rest], halt: {@}}", beside: tagged))
}
