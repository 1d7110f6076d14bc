import L45Model

/// The language as a JSON Schema (draft 7, which editors of YAML complete from).
///
/// It says what one document may hold. What depends on other documents, on the fleet, or on two values at once beyond which
/// keys exclude each other, `l45 validate` and `l45 plan` say.
package enum IntentSchema {
    /// Ends with a line end.
    package static func text() -> String { schema.written() + "\n" }

    private static var schema: JSONText {
        .object([
            ("$schema", .text("http://json-schema.org/draft-07/schema#")),
            ("$id", .text("urn:l45:intent:\(Definitions.apiVersion)")),
            ("title", .text("l45 intents, apiVersion \(Definitions.apiVersion)")),
            (
                "if",
                .object([
                    ("type", .text("object")),
                    (
                        "anyOf",
                        .list(
                            FilePreamble.keys.map { key in .object([("required", .list([.text(key)]))]) })
                    ),
                ])
            ),
            ("then", reference(Definitions.file)), ("else", reference(Definitions.intent)),
            ("definitions", .object(Definitions.all.map { ($0.name, mapping($0)) } + phrases)),
        ])
    }

    private static func reference(_ definition: MappingDefinition) -> JSONText {
        .object([("$ref", .text("#/definitions/\(definition.name)"))])
    }

    private static func mapping(_ definition: MappingDefinition) -> JSONText {
        var pairs: [(String, JSONText)] = [
            ("description", .text(definition.about.withoutMarks)), ("type", .text("object")),
            (
                "properties",
                .object(definition.fields.map { ($0.key, property($0)) })
            ),
            ("additionalProperties", .flag(false)),
        ]
        let required = definition.fields.filter(\.isRequired).map { JSONText.text($0.key) }
        if !required.isEmpty { pairs.append(("required", .list(required))) }
        if !definition.oneOf.isEmpty {
            pairs.append(("oneOf", .list(definition.oneOf.map { .object([("required", .list([.text($0)]))]) })))
        }
        if definition.isChoice { pairs += [("minProperties", .number(1)), ("maxProperties", .number(1))] }
        return .object(pairs)
    }

    private static func property(_ field: FieldDefinition) -> JSONText {
        var about = field.about
        if let standard = field.standard { about += " Default: \(standard)." }
        // Nothing beside a '$ref' counts in draft 7: so the reference stands within.
        return .object([("description", .text(about.withoutMarks)), ("allOf", .list([shape(field.shape)]))])
    }

    private static func shape(_ shape: Shape) -> JSONText {
        switch shape {
        case .text(let pattern, let words):
            // A plain scalar of YAML may look like a number or a truth value, and is taken as text all the same.
            var pairs: [(String, JSONText)] = [
                ("description", .text(words.withoutMarks)),
                ("type", .list([.text("string"), .text("number"), .text("boolean")])),
            ]
            if let pattern { pairs.append(("pattern", .text(variableOr(pattern)))) }
            return .object(pairs)
        case .number(let range):
            return .object([
                (
                    "anyOf",
                    .list([
                        .object([
                            ("type", .text("integer")), ("minimum", .number(range.lowerBound)),
                            ("maximum", .number(range.upperBound)),
                        ]), variable,
                    ])
                )
            ])
        case .span(let range):
            return .object([
                ("description", .text("a length of time, \(range.lowerBound) to \(range.upperBound)")),
                ("type", .text("string")), ("pattern", .text(variableOr("^[0-9]+(ms|s|m|h|d)$"))),
            ])
        case .flag: return .object([("anyOf", .list([.object([("type", .text("boolean"))]), variable]))])
        case .choice(let words):
            return .object([
                ("anyOf", .list([.object([("enum", .list(words.map { .text($0) }))]), variable]))
            ])
        case .either(let shapes): return .object([("anyOf", .list(shapes.map { self.shape($0) }))])
        case .list(let item, let most):
            var pairs: [(String, JSONText)] = [
                ("type", .text("array")), ("items", self.shape(item)), ("minItems", .number(1)),
            ]
            if let most { pairs.append(("maxItems", .number(most))) }
            return .object(pairs)
        case .mapping(let definition): return reference(definition)
        case .named(let key, let value, let words):
            return .object([
                ("description", .text(words)), ("type", .text("object")),
                ("propertyNames", .object([("pattern", .text(key))])),
                ("additionalProperties", self.shape(value)), ("minProperties", .number(1)),
            ])
        case .nothing: return .object([("type", .text("null"))])
        case .phrase(let set): return .object([("$ref", .text("#/definitions/\(name(set))"))])
        }
    }

    // MARK: variables

    /// A text with a variable in it: what it comes to is not known here.
    private static let variable = JSONText.object([("type", .text("string")), ("pattern", .text("\\$\\("))])

    private static func variableOr(_ pattern: String) -> String { "\(pattern)|\\$\\(" }

    // MARK: phrases

    private static func name(_ set: Shape.PhraseSet) -> String {
        switch set {
        case .all: "phrase"
        case .modifiers: "defaultPhrase"
        }
    }

    private static var phrases: [(String, JSONText)] {
        [Shape.PhraseSet.all, .modifiers].map { set in
            var words: [String] = []
            for rule in set.rules where !words.contains(rule.firstWord) { words.append(rule.firstWord) }
            return (
                name(set),
                .object([
                    (
                        "description",
                        .text("A phrase: " + set.rules.map(\.shortUsage).joined(separator: "; "))
                    ),
                    ("type", .text("string")),
                    ("pattern", .text("^\\s*(\(words.map(anyCase).joined(separator: "|")))(\\s|,|;|$)|^\\s*\\$\\(")),
                    ("examples", .list(set.rules.map { .text($0.sample) })),
                ])
            )
        }
    }

    /// Phrases are read without regard to letter case, and the expressions of schemas have no word for that.
    private static func anyCase(_ word: String) -> String {
        word.map { "[\($0.uppercased())\($0.lowercased())]" }.joined()
    }
}

extension String {
    /// Without the marks that Markdown makes code of.
    var withoutMarks: String { replacing("`", with: "") }
}
