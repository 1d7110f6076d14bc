/// JSON whose keys keep their order.
enum JSONText {
    case text(String)
    case number(Int)
    case flag(Bool)
    case list([JSONText])
    case object([(String, JSONText)])

    /// With two spaces for each level; lists of plain values on one line.
    func written(indent: Int = 0) -> String {
        let pad = String(repeating: "  ", count: indent + 1)
        let end = String(repeating: "  ", count: indent)
        switch self {
        case .text(let text): return Self.quoted(text)
        case .number(let number): return "\(number)"
        case .flag(let flag): return "\(flag)"
        case .list(let items):
            let isFlat = items.allSatisfy { if case .object = $0 { false } else { true } }
            if isFlat { return "[\(items.map { $0.written(indent: indent) }.joined(separator: ", "))]" }
            return "[\n" + items.map { pad + $0.written(indent: indent + 1) }.joined(separator: ",\n") + "\n\(end)]"
        case .object(let pairs):
            if pairs.isEmpty { return "{}" }
            let lines = pairs.map { "\(pad)\(Self.quoted($0.0)): \($0.1.written(indent: indent + 1))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(end)}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": out += "\\\(scalar)"
            case "\n": out += "\\n"
            case _ where scalar.value < 0x20:
                let code = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - code.utf8.count) + code
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
