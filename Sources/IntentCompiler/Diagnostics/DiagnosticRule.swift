/// The kinds of mistakes. Their names are part of the output of `l45 validate`: add, never rename.
package enum DiagnosticRule: String, Hashable, Codable, Sendable, CaseIterable {
    /// A file that cannot be read as text.
    case file
    /// Text that is no YAML, or YAML that is refused as a whole.
    case yaml
    /// A key that is unknown or stands twice.
    case field
    /// A value of the wrong type, out of its bounds, or no word of the language.
    case value
    /// A phrase that the grammar does not know.
    case phrase
    /// A variable that is not there, or can not be filled in.
    case variable
    /// Parts of one intent that are missing or contradict each other.
    case intent
    /// Two intents of one name.
    case name
    /// A name of an intent that none of the files has.
    case reference
    /// Intents that can not all be in force together.
    case conflict

    /// One sentence, for tools that list the kinds.
    package var summary: String {
        switch self {
        case .file: "A file of intents is UTF-8 text of at most \(SourceBounds.fileBytesMax) bytes."
        case .yaml: "A document is plain YAML: no tabs, anchors, aliases or directives, and bounded in size and depth."
        case .field: "A mapping has only the keys that the language knows, each at most once."
        case .value: "A value has the type that its key asks for, and lies within its bounds."
        case .phrase: "A phrase is one that the grammar knows."
        case .variable: "A variable is defined before it is used."
        case .intent: "The parts of an intent are complete and fit together."
        case .name: "Each intent has a name of its own."
        case .reference: "An intent that is named is there."
        case .conflict: "No two intents customize the same sockets or guard the same paths."
        }
    }
}
