/// A discussion's text as mdoc takes it.
struct ManProse {
    /// Running text, a paragraph each.
    private(set) var paragraphs: [String] = []
    /// Lines that were set in by two spaces or more.
    private(set) var examples: [String] = []

    init(_ discussion: String) {
        var paragraph: [Substring] = []
        let lines: [Substring] = discussion.split(separator: "\n", omittingEmptySubsequences: false) + [""]
        for line in lines {
            if !line.hasPrefix("  "), !line.allSatisfy(\.isWhitespace) {
                paragraph.append(line)
                continue
            }
            if !paragraph.isEmpty { paragraphs.append(paragraph.joined(separator: " ")) }
            paragraph = []
            if line.hasPrefix("  "), !line.allSatisfy(\.isWhitespace) { examples.append(String(line.dropFirst(2))) }
        }
    }

    /// Each sentence on a line of its own, as mdoc wants it.
    static func lines(_ text: String) -> [String] {
        guard !text.isEmpty else { return [] }
        var lines: [String] = []
        var rest = text[...]
        while let end = rest.ranges(of: ". ").first {
            lines.append(String(rest[..<end.lowerBound]) + ".")
            rest = rest[end.upperBound...]
        }
        return (lines + [String(rest)]).map { String($0.drop { $0 == " " }) }.filter { !$0.isEmpty }.map(guarded)
    }

    /// A line that begins like a request is none.
    static func guarded(_ line: String) -> String {
        let text = escaped(line)
        return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" + text : text
    }

    static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": out += "\\e"
            case "-": out += "\\-"
            case "'": out += "\\(aq"
            case "`": out += "\\(ga"
            case "^": out += "\\(ha"
            case "~": out += "\\(ti"
            case _ where scalar.value > 0x7e: out += "\\[u\(hex(scalar.value))]"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    private static func hex(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
