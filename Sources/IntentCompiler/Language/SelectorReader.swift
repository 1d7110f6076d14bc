package import L45Model

/// Reads a selector of a command line, as kubectl's: `role=web,site!=lab,rack in (a,b),tier notin (x),spare,!old`.
///
/// `==` is `=`, and `role=a|b` means either, as in intents. A mistake is told at its place.
package struct SelectorReader {
    private enum Token: Hashable {
        case word(String)
        /// `,`, `(`, `)`, `!`, `=`, `==`, `!=`
        case sign(String)
        case end
    }

    private let text: String
    private let origin: String
    private var tokens: [(token: Token, column: Int, length: Int)] = []
    private var at = 0

    package static let charactersMax = 4096

    /// - Parameter origin: what the text was given with, `-l`.
    /// - Throws: what is wrong, with a caret under it.
    package static func read(_ text: String, origin: String) throws(Diagnostic) -> LabelSelector {
        var reader = SelectorReader(text, origin)
        guard text.unicodeScalars.count <= charactersMax else {
            throw reader.fault(
                "a selector has up to \(charactersMax) characters, this one \(text.unicodeScalars.count)")
        }
        return LabelSelector(try reader.requirements())
    }

    private init(_ text: String, _ origin: String) {
        self.text = text
        self.origin = origin
        let letters = Array(text.unicodeScalars)
        var place = 0
        while place < letters.count {
            let letter = letters[place]
            let column = place + 1
            if letter == " " || letter == "\t" {
                place += 1
                continue
            }
            let pair = place + 1 < letters.count && letters[place + 1] == "="
            if letter == "=" || letter == "!" {
                let sign = String(letter) + (pair ? "=" : "")
                tokens.append((.sign(sign), column, sign.count))
                place += sign.count
            } else if ",()".unicodeScalars.contains(letter) {
                tokens.append((.sign(String(letter)), column, 1))
                place += 1
            } else {
                let start = place
                while place < letters.count, !" \t,()=!".unicodeScalars.contains(letters[place]) { place += 1 }
                let word = String(String.UnicodeScalarView(letters[start..<place]))
                tokens.append((.word(word), column, place - start))
            }
        }
        tokens.append((.end, letters.count + 1, 1))
    }

    private var token: Token { tokens[at].token }

    private mutating func take(_ sign: String) -> Bool {
        guard token == .sign(sign) else { return false }
        at += 1
        return true
    }

    private mutating func requirements() throws(Diagnostic) -> [LabelSelector.Requirement] {
        var all = [try requirement()]
        while token != .end {
            guard take(",") else {
                throw fault("a comma is expected here", "write ',' between two requirements")
            }
            all.append(try requirement())
        }
        return all
    }

    private mutating func requirement() throws(Diagnostic) -> LabelSelector.Requirement {
        if take("!") {
            let label = try label()
            if case .sign(let sign) = token, sign != ",", sign != ")" {
                throw fault("'!\(label)' stands alone: the device has no such label", "write '\(label)!=value'")
            }
            return LabelSelector.Requirement(label: label, rule: .absent)
        }
        let label = try label()
        switch token {
        case .sign("="), .sign("=="):
            at += 1
            return LabelSelector.Requirement(label: label, rule: .isOne(of: try alternatives()))
        case .sign("!="):
            at += 1
            return LabelSelector.Requirement(label: label, rule: .isNone(of: try alternatives()))
        case .word("in"):
            at += 1
            return LabelSelector.Requirement(label: label, rule: .isOne(of: try list(label, "in")))
        case .word("notin"):
            at += 1
            return LabelSelector.Requirement(label: label, rule: .isNone(of: try list(label, "notin")))
        case .word(let word):
            throw fault(
                "'\(word.shortened)' is no operator: there are =, !=, in and notin",
                Suggestion.hint(for: word, among: ["in", "notin"], otherwise: "write '\(label)=\(word.shortened)'"))
        case .sign("("):
            throw fault("a list comes after 'in' or 'notin'", "write '\(label) in (a,b)'")
        case .sign, .end: return LabelSelector.Requirement(label: label, rule: .present)
        }
    }

    private mutating func label() throws(Diagnostic) -> String {
        guard case .word(let word) = token else {
            throw fault("the name of a label is expected here", "write 'label=value', one comma between two")
        }
        do throws(Complaint) { _ = try Check.labelKey(word) } catch { throw fault(error.message, error.hint) }
        at += 1
        return word
    }

    /// `a`, `a|b`, or nothing, which is the empty value.
    private mutating func alternatives() throws(Diagnostic) -> [String] {
        guard case .word(let word) = token else {
            if case .sign(let sign) = token, sign != "," {
                throw fault("a value is expected here, not '\(sign)'", sign == "(" ? "write 'in (a,b)'" : nil)
            }
            return [""]
        }
        var values: [String] = []
        for part in word.split(separator: "|", omittingEmptySubsequences: false) {
            values.append(try value(String(part)))
        }
        at += 1
        return values
    }

    /// `(a,b)`.
    private mutating func list(_ label: String, _ word: String) throws(Diagnostic) -> [String] {
        guard take("(") else {
            throw fault("'\(word)' takes a list in parentheses", "write '\(label) \(word) (a,b)'")
        }
        var values: [String] = []
        while true {
            guard case .word(let word) = token else {
                throw token == .end
                    ? fault("the list is not closed", "write ')' at its end")
                    : fault("a value is expected here", values.isEmpty ? "an empty list selects nothing" : nil)
            }
            values.append(try value(word))
            at += 1
            if take(")") { return values }
            guard take(",") else {
                throw token == .end
                    ? fault("the list is not closed", "write ')' at its end")
                    : fault("a comma or ')' is expected here")
            }
        }
    }

    private func value(_ text: String) throws(Diagnostic) -> String {
        do throws(Complaint) { return try Check.labelValue(text) } catch { throw fault(error.message, error.hint) }
    }

    /// At the token that is looked at.
    private func fault(_ message: String, _ hint: String? = nil) -> Diagnostic {
        let (_, column, length) = tokens[at]
        return Diagnostic(
            at: SourcePlace(origin: origin, line: 1, column: column, length: length, excerpt: text), message, hint: hint
        )
    }
}
