import L45Model

/// `l45 get middleboxes`.
enum MiddleboxesTable {
    static func table(_ boxes: [MiddleboxView], wide: Bool) -> Table {
        var columns = ["NAME", "BETWEEN", "CHANGES", "PATHS", "MEASURED", "OWNER"]
        if wide { columns += ["ADDRESSES", "DECLARED BY", "NOTE"] }
        return Table(
            columns: columns,
            rows: boxes.map { box in
                let declared = box.declared
                var row: [Cell] = [
                    Cell(box.name), Cell(declared.betweenText ?? "before its addresses"),
                    Cell(declared.changes.map(\.description).joined(separator: ", ")), Cell("\(box.paths.count)"),
                    measured(box), Cell(declared.owner ?? ""),
                ]
                if wide {
                    row += [
                        Cell(declared.addresses.map { "\($0)" }.joined(separator: ", ")), Cell(box.declaredBy),
                        Cell(declared.note ?? ""),
                    ]
                }
                return row
            })
    }

    /// Whether what it is declared to do was seen where it stands.
    static func measured(_ box: MiddleboxView) -> Cell {
        if box.paths.isEmpty { return Cell("no guarded path crosses it", .faint) }
        if box.declared.changes.isEmpty { return Cell("nothing is declared", .faint) }
        let findings = box.paths.flatMap(\.findings)
        let missing = box.paths.count { $0.findings.contains { $0.kind == .notSeen } }
        if missing > 0 { return Cell("not seen on \(missing) of \(counted(box.paths.count, "path"))", .warning) }
        if findings.isEmpty { return Cell("guarding does not look at it", .faint) }
        if findings.contains(where: { $0.kind == .unknown }) { return Cell("not measured everywhere", .faint) }
        return Cell("as declared", .good)
    }
}
