/// One cell of a table. What it says is made printable.
struct Cell: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    let text: String
    let tone: Tone
    /// Changes with the mere passing of time, such as an age: no news to somebody who watches.
    let ticking: Bool

    init(_ text: String, _ tone: Tone = .plain, ticking: Bool = false) {
        self.text = text.isEmpty ? Age.none : Printable.line(text)
        self.tone = tone
        self.ticking = ticking
    }

    init(stringLiteral value: String) { self.init(value) }

    static func ticking(_ text: String) -> Cell { Cell(text, ticking: true) }
}

/// Aligned columns.
struct Table: Hashable, Sendable {
    let columns: [String]
    var rows: [[Cell]] = []

    /// - Parameter only: rows to show; all are measured, so that later rows fall under earlier ones. nil: all.
    func text(_ palette: Palette = .plain, only: Set<Int>? = nil, header: Bool = true) -> String {
        let widths = columns.indices.map { column in
            max(columns[column].count, rows.map { $0[column].text.count }.max() ?? 0)
        }
        func line(_ cells: [Cell]) -> String {
            cells.indices.map { column in
                let cell = cells[column]
                let room = column == cells.count - 1 ? 0 : widths[column] - cell.text.count + 2
                return palette.paint(cell.text, cell.tone) + String(repeating: " ", count: room)
            }.joined()
        }
        let head = header ? [line(columns.map { Cell($0, .heading) })] : []
        return (head + rows.indices.filter { only?.contains($0) ?? true }.map { line(rows[$0]) })
            .joined(separator: "\n")
    }
}
