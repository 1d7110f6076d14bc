/// Fields under each other and tables below: how `describe` shows one thing.
struct Sheet: Sendable {
    private enum Part: Sendable {
        case field(String, Cell)
        case section(String, [String])
    }

    private var parts: [Part] = []

    mutating func field(_ name: String, _ value: Cell) { parts.append(.field(name, value)) }

    mutating func field(_ name: String, _ value: String) { field(name, Cell(value)) }

    /// - Parameter lines: indented; empty: `<none>`.
    mutating func section(_ title: String, _ lines: [String]) { parts.append(.section(title, lines)) }

    mutating func section(_ title: String, _ table: Table, _ palette: Palette) {
        section(title, table.rows.isEmpty ? [] : table.text(palette).split(separator: "\n").map(String.init))
    }

    func text(_ palette: Palette) -> String {
        let width = parts.map { if case .field(let name, _) = $0 { name.count } else { 0 } }.max() ?? 0
        return parts.map { part in
            switch part {
            case .field(let name, let value):
                let room = String(repeating: " ", count: width - name.count + 2)
                return palette.paint(name, .heading) + room + palette.paint(value.text, value.tone)
            case .section(let title, let lines):
                return ([palette.paint(title, .heading)] + (lines.isEmpty ? [Age.none] : lines).map { "  " + $0 })
                    .joined(separator: "\n")
            }
        }.joined(separator: "\n")
    }
}
