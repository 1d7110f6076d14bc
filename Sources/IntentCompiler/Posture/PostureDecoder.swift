import L45Model

/// The long form of a posture: `posture: {level: CPCON4, levels: {CPCON4: {up: [dig-dns]}, CPCON2: {only: [drill]}}}`.
enum PostureDecoder {
    static func decode(_ pair: YAMLPair, _ diagnostics: inout [Diagnostic]) -> IntentItem? {
        guard let fields = Fields(pair.value, Definitions.posture, &diagnostics) else { return nil }
        var reader = ValueReader(fields)
        defer { diagnostics += reader.diagnostics }
        var parts: [PosturePart] = []
        if let level = reader.text("level", { text throws(Complaint) in try PosturePart.level(text) }) {
            parts.append(.level(level))
        }
        guard let levels = fields["levels"] else {
            reader.tell(
                pair.key.place, "this posture names no levels",
                "add 'levels:' and below it, lowest first, such as 'CPCON4: {up: [dig-dns]}'")
            return nil
        }
        guard case .mapping(let pairs, let place) = levels.value else {
            reader.tell(
                levels.value.place, "'levels' is a mapping, not \(levels.value.kind)",
                "its keys are the levels, lowest first")
            return nil
        }
        var names: [Placed<PostureLevel>] = []
        for each in pairs {
            guard let name = reader.value(of: each.key, { text throws(Complaint) in try PosturePart.level(text) })
            else { continue }
            names.append(name)
            parts += uses(each, name, &reader)
        }
        // The cyber protection conditions have their own order, and need not all be named.
        let isKnown = names.allSatisfy { name in PostureLevel.cpcon.contains { $0.isSame(as: name.value) } }
        if !isKnown {
            parts.append(.levels(names, place))
        } else {
            for (at, name) in names.enumerated() where names[..<at].contains(where: { $0.value.isSame(as: name.value) })
            {
                reader.tell(name.place, "level \(name.value) stands here twice", "keep one of them")
            }
        }
        return .posture(.whole(parts, pair.key.place))
    }

    private static func uses(
        _ pair: YAMLPair, _ level: Placed<PostureLevel>, _ reader: inout ValueReader
    ) -> [PosturePart] {
        // A level that adds nothing.
        if case .scalar(let scalar) = pair.value, scalar.isEmpty { return [] }
        var diagnostics: [Diagnostic] = []
        defer { reader.diagnostics += diagnostics }
        guard let fields = Fields(pair.value, Definitions.levelSet, title: "level \(level.value)", &diagnostics) else {
            return []
        }
        var found: [PosturePart] = []
        for key in Definitions.levelSet.keys {
            guard let set = fields[key] else { continue }
            var patterns: [Placed<String>] = []
            let items: [YAMLValue]
            if case .sequence(let all, _) = set.value { items = all } else { items = [set.value] }
            for item in items {
                guard case .scalar(let scalar) = item else {
                    reader.tell(item.place, "an item of '\(key)' is an intent's name, not \(item.kind)", nil)
                    continue
                }
                if let pattern = reader.value(of: scalar, { text throws(Complaint) in try PosturePart.pattern(text) }) {
                    patterns.append(pattern)
                }
            }
            if !patterns.isEmpty { found.append(.use(patterns, from: level, to: key == "only" ? level : nil)) }
        }
        return found
    }
}
