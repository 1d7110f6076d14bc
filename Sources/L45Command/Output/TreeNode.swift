import L45Model

/// A thing and what hangs on it: `l45 tree`.
struct TreeNode: Hashable, Codable, Sendable {
    /// `intent`, `plan`, `device`, `module`, `socket`, `path`.
    var kind: String
    var name: String
    /// How it stands, in words.
    var state: String
    /// Whether it is as it should be; nil: that is not asked of its kind.
    var well: Bool?
    var children: [TreeNode] = []

    /// With the lines of a tree.
    func text(_ palette: Palette) -> String { lines(palette).joined(separator: "\n") }

    private func lines(_ palette: Palette) -> [String] {
        let tone: Tone = well.map { $0 ? .good : .warning } ?? .plain
        let head = "\(palette.paint(kind, .faint)) \(Printable.line(name))"
        var lines = [state.isEmpty ? head : "\(head)  \(palette.paint(Printable.line(state), tone))"]
        for (number, child) in children.enumerated() {
            let isLast = number == children.count - 1
            for (row, line) in child.lines(palette).enumerated() {
                lines.append((row == 0 ? (isLast ? "└─ " : "├─ ") : (isLast ? "   " : "│  ")) + line)
            }
        }
        return lines
    }
}
