import L45Model

/// A table: its head names the columns. `name` and, if wanted, `id` and `groups` (parted by `;`); every other column is a
/// label, and an empty cell none. RFC 4180: cells with commas, quotes or line ends stand in double quotes.
enum CSVInventory {
    static func read(_ text: String, _ origin: String) throws -> [DeclaredDevice] {
        let rows = try rows(text, origin)
        guard let head = rows.first?.cells.map({ $0.filter { $0 != "\u{FEFF}" } }), head.contains("name") else {
            throw CommandEnd.badInput(
                "'\(origin)' has no column 'name' in its first line",
                hint: "begin with a line such as name,groups,role,site")
        }
        return try rows.dropFirst().map { row in
            guard row.cells.count == head.count else {
                throw CommandEnd.badInput(
                    "\(origin):\(row.line): \(row.cells.count) cells under \(head.count) columns; nothing was changed")
            }
            var labels: [String: String] = [:]
            var (name, id, groups) = ("", String?.none, [String]())
            for (column, cell) in zip(head, row.cells) where !cell.isEmpty {
                switch column {
                case "name": name = cell
                case "id": id = cell
                case "groups": groups = cell.split(separator: ";").map { $0.filter { $0 != " " } }
                default: labels[column] = cell
                }
            }
            guard !name.isEmpty else {
                throw CommandEnd.badInput("\(origin):\(row.line): the device has no name; nothing was changed")
            }
            return InventoryImport.device(
                name, id: id, labels: labels, groups: groups, origin, place: "\(origin):\(row.line)")
        }
    }

    private static func rows(_ text: String, _ origin: String) throws -> [(line: Int, cells: [String])] {
        var rows: [(line: Int, cells: [String])] = []
        var cells: [String] = []
        var cell = ""
        var (line, begun, isQuoted, wasQuoted) = (1, 1, false, false)
        func isBlank() -> Bool { cells.isEmpty && cell.isEmpty && !wasQuoted }
        var letters = Array(text.unicodeScalars)[...]
        while let letter = letters.popFirst() {
            switch letter {
            case "\"" where isQuoted:
                if letters.first == "\"" {
                    cell.unicodeScalars.append("\"")
                    letters.removeFirst()
                } else {
                    isQuoted = false
                }
            case "\"" where cell.isEmpty: (isQuoted, wasQuoted) = (true, true)
            case "," where !isQuoted:
                cells.append(cell)
                (cell, wasQuoted) = ("", false)
            case "\r" where !isQuoted: continue
            case "\n":
                line += 1
                if isQuoted {
                    cell.unicodeScalars.append("\n")
                } else {
                    if !isBlank() { rows.append((begun, cells + [cell])) }
                    (cells, cell, wasQuoted, begun) = ([], "", false, line)
                }
            default: cell.unicodeScalars.append(letter)
            }
        }
        guard !isQuoted else {
            throw CommandEnd.badInput("\(origin):\(begun): a quote is not closed; nothing was changed")
        }
        if !isBlank() { rows.append((begun, cells + [cell])) }
        return rows
    }
}
