/// What libyaml says of a syntax error, in words that help.
struct YAMLComplaint {
    let problem: String
    /// `while parsing a flow mapping`.
    let context: String
    /// Where that construct begins.
    let opened: SourcePlace?

    /// The beginning tells more than the end when something was never closed.
    var showsOpening: Bool { unclosed }

    private var unclosed: Bool { problem == "found unexpected end of stream" }

    var message: String {
        switch problem {
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
        case _ where context.contains("an alias"): return "put the text in quotes: '*' begins a YAML alias"
        case _ where context.contains("an anchor"): return "put the text in quotes: '&' begins a YAML anchor"
        case _ where problem.hasPrefix("Maximum nesting level"): return "an intent needs 7 at most"
        default: return nil
        }
    }
}
