import L45Model

extension Definitions {
    package static let guarded = MappingDefinition(
        name: "guard", title: "'guard'",
        about: "Looks at the paths from the clients, and gates what a middlebox breaks.",
        fields: [
            FieldDefinition(
                "to", .oneOrMore(.address), standard: "each device of `servers`", "Whom the gates are for.",
                example: "[10.2.0.0/24]"),
            FieldDefinition(
                "extensions", .mapping(extensions), standard: "all `auto`", "What is done to each TCP extension.",
                example: "{ecn: proven, mptcp: deny}"),
            FieldDefinition(
                "mss bytes", .number(PathPolicy.mssRange), standard: "\(PathPolicy().mssBytes)",
                "The MSS that a gated path is held to.", example: "1200"),
            FieldDefinition(
                "every", .span(PathPolicy.retestRange), standard: "\(PathPolicy().retestEvery)",
                "From one look at a path to the next.", example: "5m"),
            FieldDefinition(
                "tolerance", .number(PathPolicy.toleranceRange), standard: "\(PathPolicy().tolerancePercent)",
                "Throughput may fall by this many percent before gates are taken back.", example: "20"),
            FieldDefinition(
                "probe", .mapping(probe), "Whom and where to probe.", example: "{port: 4600}"),
        ],
        setting: setting(item: "guard: {@}"))

    package static let extensions = MappingDefinition(
        name: "extensions", title: "'extensions'",
        about:
            "`auto`: gated while the path changes it; `allow`: never; `deny`: always; `proven`: asked for only where the "
            + "path leaves it alone.",
        fields: PathExtension.allCases.map { subject in
            let policies = PathPolicy.Treatment.allCases.filter { $0 != .proven || subject == .ecn }
            return FieldDefinition(
                subject.words, .choice(policies.map(\.rawValue)), standard: "auto", "What is done to \(subject.words).",
                example: subject == .ecn ? "proven" : "deny")
        },
        setting: setting(item: "guard: {extensions: {@}}"))

    package static let probe = MappingDefinition(
        name: "probe", title: "'probe'", about: "Whom and where to probe.",
        fields: [
            FieldDefinition(
                "address", .address, standard: "a device of the fleet within the destination",
                "One address within the destination.", example: "10.2.0.9",
                setting: setting(item: "guard: {to: 10.2.0.0/24, probe: {@}}")),
            FieldDefinition(
                "port", .port, standard: "\(GuardIntent.Defaults.port)", "TCP port of the probes.", example: "4600"),
            FieldDefinition(
                "rate port", .port, standard: "the one after `port`", "TCP port of the test transfers.",
                example: "4700"),
        ],
        setting: setting(item: "guard: {probe: {@}}"))
}
