package import L45Model

/// What may stand at a key: what the schema and the reference say of it. The bounds are those that the decoder checks by.
package indirect enum Shape: Sendable {
    /// Any scalar, taken as text; `pattern` is a regular expression of it (ECMA 262), nil: free text.
    case text(pattern: String?, words: String)
    /// Without quotes.
    case number(ClosedRange<Int>)
    /// A length of time, without quotes.
    case span(ClosedRange<Span>)
    case flag
    case choice([String])
    /// One of these words, in any letter case, or another shape.
    case either([Shape])
    case list(of: Shape, atMost: Int?)
    case mapping(MappingDefinition)
    /// Keys that the author names, all with values of one shape.
    case named(key: String, Shape, words: String)
    /// Written as `key:` alone.
    case nothing
    /// One item of `intent:`, as a phrase.
    case phrase(PhraseSet)

    package enum PhraseSet: Sendable {
        case all
        /// Those that say how, and may stand in defaults.
        case modifiers

        var rules: [PhraseGrammar.Rule] {
            switch self {
            case .all: PhraseGrammar.rules
            case .modifiers: PhraseGrammar.rules.filter { PhraseGrammar.Kind.modifiers.contains($0.kind) }
            }
        }
    }

    static func oneOrMore(_ shape: Shape) -> Shape { .either([shape, .list(of: shape, atMost: nil)]) }

    // MARK: values that several fields share

    static let intentName = Shape.text(pattern: "^[a-z0-9-]{1,63}$", words: "a name")
    static let program = Shape.text(
        pattern: "^[^/\\x00-\\x1f]+$", words: "a program, as in /proc/PID/comm, `NAME*`, or `any`")
    static let address = Shape.text(pattern: "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$", words: "an address or block")
    static let label = Shape.text(pattern: nil, words: "a text of at most \(DialectBounds.labelBytesMax) bytes")
    static let level = Shape.text(pattern: PostureText.level, words: "a level")
    static let intents = Shape.text(
        pattern: "^([a-z0-9-]{1,63}\\*?|\\*)$", words: "an intent's name, or the beginning of names and `*`")
    static let port = Shape.number(1...65535)

    /// `"role=a|b,site!=lab"` or `{role: [a, b], site: "*"}`.
    static let selector: Shape = {
        let value = Shape.text(pattern: "^(\\*|[A-Za-z0-9_./-]{1,63})$", words: "a label's value, or `*` for any")
        return .either([
            .text(pattern: nil, words: "a selector, `role=a|b,site!=lab,rack,!spare` or `*`"),
            .named(key: "^[A-Za-z0-9_./-]{1,63}$", .oneOrMore(value), words: "labels"),
        ])
    }()
}

enum PostureText {
    static let level = "^[A-Za-z0-9_-]{1,31}$"
}
