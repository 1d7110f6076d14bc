/// Reads a template's parts.
struct JSONPathReader {
    private let text: [Character]
    private var at = 0

    init(_ text: String) { self.text = Array(text) }

    /// Up to the end, or up to the `{end}` of the range that they stand in.
    mutating func parts(depth: Int) throws(JSONPathFault) -> [JSONPath.Part] {
        guard depth <= JSONPath.depthMax else { throw fault("ranges nest up to \(JSONPath.depthMax) deep") }
        var parts: [JSONPath.Part] = []
        var plain = ""
        while at < text.count {
            guard text[at] == "{" else {
                plain.append(text[at])
                at += 1
                continue
            }
            if !plain.isEmpty { parts.append(.text(plain)) }
            plain = ""
            at += 1
            skipSpaces()
            if takeWord("end") {
                try take("}")
                guard depth > 0 else { throw fault("'{end}' ends no range") }
                return parts
            }
            if takeWord("range") {
                let path = try path()
                try take("}")
                parts.append(.range(path, try self.parts(depth: depth + 1)))
                continue
            }
            if at < text.count, text[at] == "\"" || text[at] == "'" {
                parts.append(.text(try literal()))
            } else {
                parts.append(.path(try path()))
            }
            try take("}")
        }
        guard depth == 0 else { throw fault("a range has no '{end}'") }
        if !plain.isEmpty { parts.append(.text(plain)) }
        return parts
    }

    private mutating func path() throws(JSONPathFault) -> JSONPath.Path {
        skipSpaces()
        var path = JSONPath.Path(isFromRoot: false, steps: [])
        var isFirst = true
        while at < text.count {
            switch text[at] {
            case "$" where isFirst, "@" where isFirst:
                path.isFromRoot = text[at] == "$"
                at += 1
            case ".":
                at += 1
                guard at < text.count, text[at] != "." else {
                    throw fault("'..' is not among what templates know; name the fields on the way")
                }
                if text[at] == "[" || text[at] == "}" { break }
                path.steps.append(try name())
            case "[": path.steps.append(try bracket())
            case "}", " ", ")", "=", "!", "<", ">": return path
            default:
                guard isFirst else { throw fault("'\(text[at])' is not expected here") }
                path.steps.append(try name())
            }
            isFirst = false
        }
        return path
    }

    private mutating func name() throws(JSONPathFault) -> JSONPath.Step {
        var name = ""
        while at < text.count, !".[]{} ()=!<>\"',".contains(text[at]) {
            if text[at] == "\\", at + 1 < text.count { at += 1 }
            name.append(text[at])
            at += 1
        }
        guard !name.isEmpty else { throw fault("a field's name is expected") }
        return name == "*" ? .every : .field(name)
    }

    private mutating func bracket() throws(JSONPathFault) -> JSONPath.Step {
        try take("[")
        skipSpaces()
        guard at < text.count else { throw fault("a '[' is not closed") }
        let step: JSONPath.Step
        switch text[at] {
        case "*":
            at += 1
            step = .every
        case "'", "\"": step = .field(try literal())
        case "?": step = .matching(try filter())
        default:
            var digits = ""
            while at < text.count, text[at].isASCII, text[at].isNumber || text[at] == "-" {
                digits.append(text[at])
                at += 1
            }
            guard let index = Int(digits) else {
                throw fault("a number, '*', a quoted name or '?(...)' is expected after '['")
            }
            step = .index(index)
        }
        skipSpaces()
        try take("]")
        return step
    }

    /// `?(@.state=="active")`, `?(@.halted)`.
    private mutating func filter() throws(JSONPathFault) -> JSONPath.Filter {
        try take("?")
        try take("(")
        let path = try path()
        skipSpaces()
        var found: JSONPath.Filter.Comparison?
        for comparison in JSONPath.Filter.Comparison.allCases where found == nil && rest.hasPrefix(comparison.rawValue)
        {
            found = comparison
            at += comparison.rawValue.count
        }
        var value = ""
        if found != nil {
            skipSpaces()
            if at < text.count, text[at] == "\"" || text[at] == "'" {
                value = try literal()
            } else {
                while at < text.count, text[at] != ")", text[at] != " " {
                    value.append(text[at])
                    at += 1
                }
            }
        }
        skipSpaces()
        try take(")")
        return JSONPath.Filter(path: path, comparison: found, literal: value)
    }

    /// In single or double quotes, with `\n`, `\t`, `\\` and the quote itself.
    private mutating func literal() throws(JSONPathFault) -> String {
        let quote = text[at]
        at += 1
        var value = ""
        while at < text.count, text[at] != quote {
            if text[at] == "\\", at + 1 < text.count {
                at += 1
                value.append(text[at] == "n" ? "\n" : text[at] == "t" ? "\t" : text[at])
            } else {
                value.append(text[at])
            }
            at += 1
        }
        guard at < text.count else { throw fault("a \(quote) is not closed") }
        at += 1
        return value
    }

    private var rest: String { String(text[at...].prefix(2)) }

    private mutating func skipSpaces() {
        while at < text.count, text[at] == " " { at += 1 }
    }

    private mutating func takeWord(_ word: String) -> Bool {
        let end = at + word.count
        guard end < text.count, String(text[at..<end]) == word, text[end] == " " || text[end] == "}" else {
            return false
        }
        at = end
        return true
    }

    private mutating func take(_ character: Character) throws(JSONPathFault) {
        if character == "}" { skipSpaces() }
        guard at < text.count, text[at] == character else {
            throw fault(at < text.count ? "'\(character)' is expected, not '\(text[at])'" : "'\(character)' is missing")
        }
        at += 1
    }

    private func fault(_ words: String) -> JSONPathFault {
        JSONPathFault("in the template, at character \(at + 1): \(words)")
    }
}
