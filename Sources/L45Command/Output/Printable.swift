/// Texts that came from devices and files, made safe for a terminal: no control character of theirs reaches it.
enum Printable {
    /// On one line: line ends are shown as `\n`.
    static func line(_ text: String) -> String { clean(text, keepingLines: false) }

    /// Line ends stay.
    static func lines(_ text: String) -> String { clean(text, keepingLines: true) }

    private static func clean(_ text: String, keepingLines: Bool) -> String {
        guard text.unicodeScalars.contains(where: { isControl($0) }) else { return text }
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where keepingLines: out.unicodeScalars.append(scalar)
            case "\n": out += "\\n"
            case "\t": out += keepingLines ? "\t" : " "
            case _ where isControl(scalar): out += "\\u{\(String(scalar.value, radix: 16))}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        let category = scalar.properties.generalCategory
        return category == .control || category == .format
    }
}
