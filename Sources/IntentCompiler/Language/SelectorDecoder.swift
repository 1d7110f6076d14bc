import L45Model

/// `clients:` and `servers:`, as a mapping of labels or in the string form.
enum SelectorDecoder {
    /// - Returns: nil when the key is absent or wrong; a wrong one is told.
    static func decode(_ key: String, _ reader: inout ValueReader) -> LabelSelector? {
        guard let pair = reader.fields[key] else { return nil }
        switch pair.value {
        case .scalar:
            return reader.text(key) { text throws(Complaint) in try LabelSelector(parsing: text) }?.value
        case .sequence(_, let place):
            reader.tell(
                place, "'\(key)' is a mapping of labels or a text, not a list", "write '\(key): {role: [a, b]}'")
            return nil
        case .mapping(let pairs, let place):
            if pairs.isEmpty {
                reader.tell(place, "'\(key)' selects by no label", "leave it out, or write \"*\", for every device")
                return nil
            }
            return mapping(pairs, &reader)
        }
    }

    private static func mapping(_ pairs: [YAMLPair], _ reader: inout ValueReader) -> LabelSelector? {
        let before = reader.diagnostics.count
        var requirements: [LabelSelector.Requirement] = []
        var seen: [String: SourcePlace] = [:]
        for pair in pairs {
            let label = reader.value(of: pair.key) { text throws(Complaint) in try Check.labelKey(text) }
            if let first = seen[pair.key.text] {
                reader.diagnostics.append(
                    Diagnostic(
                        at: pair.key.place, "label '\(pair.key.text.shortened)' stands here twice",
                        hint: "write its values as one list, '\(pair.key.text.shortened): [a, b]'",
                        notes: [Diagnostic.Note(place: first, message: "the first one is here")], rule: .field))
                continue
            }
            seen[pair.key.text] = pair.key.place
            let rule = rule(pair, &reader)
            guard let label, let rule else { continue }
            requirements.append(LabelSelector.Requirement(label: label.value, rule: rule))
        }
        return reader.diagnostics.count == before ? LabelSelector(requirements) : nil
    }

    private static func rule(_ pair: YAMLPair, _ reader: inout ValueReader) -> LabelSelector.Requirement.Rule? {
        let check: (String) throws(Complaint) -> String = { text throws(Complaint) in try Check.labelValue(text) }
        switch pair.value {
        case .scalar(let scalar) where scalar.text == "*":
            return .present
        case .scalar(let scalar) where scalar.isEmpty:
            reader.tell(
                pair.key.place, "label '\(pair.key.text.shortened)' has no value", "write a value, or \"*\" for any")
            return nil
        case .scalar(let scalar):
            return reader.value(of: scalar, check).map { .isOne(of: [$0.value]) }
        case .sequence(let items, let place):
            if items.isEmpty { reader.tell(place, "an empty list selects nothing", "write \"*\" for any value") }
            var values: [String] = []
            for item in items {
                guard case .scalar(let scalar) = item else {
                    reader.tell(item.place, "a label's value is a text, not \(item.kind)", nil)
                    continue
                }
                if let placed = reader.value(of: scalar, check) { values.append(placed.value) }
            }
            return .isOne(of: values)
        case .mapping(_, let place):
            reader.tell(place, "a label's value is a text or a list of texts, not a mapping", nil)
            return nil
        }
    }
}
