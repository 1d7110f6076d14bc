/// What libyaml says of a syntax error, in words that help.
struct YAMLComplaint {
    let problem: String
    /// `while parsing a flow mapping`.
    let context: String
    /// Where that construct begins.
    let opened: SourcePlace?

    /// The beginning tells more than the end when something was never closed, or should never have begun.
    var showsOpening: Bool { problem == "found unexpected end of stream" || beginsAlias || beginsAnchor }

    private var beginsAlias: Bool { context.hasSuffix("an alias") }
    private var beginsAnchor: Bool { context.hasSuffix("an anchor") }

    var message: String {
        switch problem {
        case _ where beginsAlias: return "'*' begins a YAML alias here, not a text"
        case _ where beginsAnchor: return "'&' begins a YAML anchor here, not a text"
        case "found unexpected end of stream": return "this quote is never closed"
        case "mapping values are not allowed in this context": return "': ' begins a value where none may begin"
        case "did not find expected key": return "this line is neither a key of the mapping above nor part of its value"
        case "did not find expected '-' indicator": return "this line is not an item of the list above"
        case "could not find expected ':'": return "this line has no ':' after its key"
        case "found character that cannot start any token": return "a text can not begin with this character"
        case "found undefined alias": return "YAML anchors and aliases are not taken in intents"
        case "did not find expected ',' or ']'": return "expected ',' or ']' in the list" + since
        case "did not find expected ',' or '}'": return "expected ',' or '}' in the mapping" + since
        case _ where problem.hasPrefix("Maximum nesting level"):
            return "more than \(SourceBounds.depthMax) lists and mappings inside one another"
        default: return "not YAML: \(problem)\(context.isEmpty ? "" : " \(context)")"
        }
    }

    private var since: String { opened.map { " that begins at \($0.line):\($0.column)" } ?? "" }

    func hint(at character: Unicode.Scalar?) -> String? {
        switch problem {
        case "mapping values are not allowed in this context": return "put the text in quotes, or check the indentation"
        case "did not find expected key", "did not find expected '-' indicator", "could not find expected ':'":
            return "check the indentation of this line and the one above"
        case "found character that cannot start any token":
            return character == "\t" ? "use spaces instead of the tab" : "put the text in quotes"
        case "found undefined alias": return "write the value out; a text that begins with '*' needs quotes"
        case _ where beginsAlias || beginsAnchor: return "put the text in quotes"
        case _ where problem.hasPrefix("Maximum nesting level"): return "an intent needs 7 at most"
        default: return nil
        }
    }
}
