/// The keys of one mapping, each at most once and none that is unknown; what is wrong is told to `diagnostics`.
struct Fields {
    let place: SourcePlace
    private let pairs: [String: YAMLPair]
    let keys: [String]

    /// - Parameter title: for messages, instead of the definition's own.
    /// - Returns: nil when the value is no mapping.
    init?(
        _ value: YAMLValue, _ definition: MappingDefinition, title: String? = nil, _ diagnostics: inout [Diagnostic]
    ) {
        let what = title ?? definition.title
        let known = definition.keys
        guard case .mapping(let all, let place) = value else {
            diagnostics.append(
                Diagnostic(
                    at: value.place, "\(what) is a mapping, not \(value.kind)",
                    hint: "its keys are \(enumeration(known, max: 20))", rule: .value))
            return nil
        }
        self.place = place
        var pairs: [String: YAMLPair] = [:]
        var keys: [String] = []
        for pair in all {
            let key = pair.key.text
            if let first = pairs[key] {
                let notes = [Diagnostic.Note(place: first.key.place, message: "the first one is here")]
                diagnostics.append(
                    Diagnostic(
                        at: pair.key.place, "'\(key.shortened)' stands in \(what) twice", hint: "keep one of them",
                        notes: notes, rule: .field))
                continue
            }
            guard known.contains(key) else {
                diagnostics.append(
                    Diagnostic(
                        at: pair.key.place, "\(what) has no key '\(key.shortened)'",
                        hint: Suggestion.hint(
                            for: key, among: known, otherwise: "its keys are \(enumeration(known, max: 20))"),
                        rule: .field))
                continue
            }
            pairs[key] = pair
            keys.append(key)
        }
        self.pairs = pairs
        self.keys = keys
    }

    subscript(key: String) -> YAMLPair? { pairs[key] }
}

/// Reads typed values out of fields: nil for one that is absent or wrong; a wrong one is told.
struct ValueReader {
    let fields: Fields
    var diagnostics: [Diagnostic] = []

    init(_ fields: Fields) { self.fields = fields }

    /// A text, read by `check`.
    mutating func text<Value: Sendable>(
        _ key: String, _ check: (String) throws(Complaint) -> Value
    ) -> Placed<Value>? {
        guard let scalar = scalar(key) else { return nil }
        return value(of: scalar, check)
    }

    /// A number or a length of time: must not be in quotes, which would make it a text.
    mutating func bare<Value: Sendable>(
        _ key: String, _ check: (String) throws(Complaint) -> Value
    ) -> Placed<Value>? {
        guard let scalar = scalar(key) else { return nil }
        guard scalar.style == .plain else {
            tell(scalar.place, "'\(key)' is a number, and this is text", "take the quotes off", rule: .value)
            return nil
        }
        return value(of: scalar, check)
    }

    mutating func flag(_ key: String) -> Placed<Bool>? {
        guard let scalar = scalar(key) else { return nil }
        switch scalar.text {
        case "true" where scalar.style == .plain: return Placed(true, scalar.place)
        case "false" where scalar.style == .plain: return Placed(false, scalar.place)
        case "yes", "on", "Yes", "True", "TRUE", "true":
            tell(scalar.place, "'\(key)' is true or false, not \(quoted(scalar))", "did you mean true?", rule: .value)
        case "no", "off", "No", "False", "FALSE", "false":
            tell(scalar.place, "'\(key)' is true or false, not \(quoted(scalar))", "did you mean false?", rule: .value)
        default:
            tell(scalar.place, "'\(key)' is true or false, not '\(scalar.text.shortened)'", nil, rule: .value)
        }
        return nil
    }

    /// One value or a list of them.
    mutating func list<Value: Sendable>(_ key: String, _ check: (String) throws(Complaint) -> Value) -> [Value] {
        guard let pair = fields[key] else { return [] }
        guard case .sequence(let items, let place) = pair.value else {
            return text(key, check).map { [$0.value] } ?? []
        }
        if items.isEmpty {
            tell(place, "'\(key)' is an empty list", "leave it out, or name at least one", rule: .value)
        }
        var values: [Value] = []
        for item in items {
            guard case .scalar(let scalar) = item else {
                tell(item.place, "an item of '\(key)' is a text, not \(item.kind)", nil, rule: .value)
                continue
            }
            if let placed = value(of: scalar, check) { values.append(placed.value) }
        }
        return values
    }

    /// A mapping inside.
    mutating func inner(_ key: String, _ definition: MappingDefinition) -> Fields? {
        guard let pair = fields[key] else { return nil }
        if case .scalar(let scalar) = pair.value, scalar.isEmpty {
            tell(
                pair.key.place, "'\(key)' has no value",
                "leave it out, or fill in \(enumeration(definition.keys, conjunction: "or"))", rule: .value)
            return nil
        }
        return Fields(pair.value, definition, &diagnostics)
    }

    mutating func scalar(_ key: String) -> YAMLScalar? {
        guard let pair = fields[key] else { return nil }
        guard case .scalar(let scalar) = pair.value else {
            tell(pair.value.place, "'\(key)' is one value, not \(pair.value.kind)", nil, rule: .value)
            return nil
        }
        if scalar.isEmpty {
            tell(pair.key.place, "'\(key)' has no value", "write it after the ':' or leave the line out", rule: .value)
            return nil
        }
        return scalar
    }

    mutating func value<Value: Sendable>(
        of scalar: YAMLScalar, _ check: (String) throws(Complaint) -> Value
    ) -> Placed<Value>? {
        do throws(Complaint) {
            return Placed(try check(scalar.text), scalar.place)
        } catch {
            diagnostics.append(Diagnostic(at: scalar.place, error.message, hint: error.hint, rule: .value))
            return nil
        }
    }

    mutating func tell(
        _ place: SourcePlace, _ message: String, _ hint: String?, rule: DiagnosticRule = .intent
    ) {
        diagnostics.append(Diagnostic(at: place, message, hint: hint, rule: rule))
    }

    private func quoted(_ scalar: YAMLScalar) -> String {
        scalar.style == .plain ? "'\(scalar.text)'" : "the text \"\(scalar.text)\""
    }
}
