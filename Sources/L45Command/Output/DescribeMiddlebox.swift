import L45Model

/// `l45 describe middlebox NAME`.
enum DescribeMiddlebox {
    static func text(_ box: MiddleboxView, _ palette: Palette) -> String {
        let declared = box.declared
        var sheet = Sheet()
        sheet.field("Middlebox", box.name)
        sheet.field("Declared", "by \(box.declaredBy), in \(declared.whereabouts)")
        if let owner = declared.owner { sheet.field("Owner", owner) }
        if let note = declared.note { sheet.field("Note", note) }
        sheet.field("Addresses", declared.addresses.map { "\($0)" }.joined(separator: ", "))
        sheet.field("Between", declared.betweenText ?? "before its addresses")
        sheet.field("Measured", MiddleboxesTable.measured(box))
        sheet.section("Declared to change", declared.changes.map(change))
        sheet.section(
            "Paths",
            Table(
                columns: ["DEVICE", "PATH", "MEASURED"],
                rows: box.paths.flatMap { path -> [[Cell]] in
                    let name = [Cell(path.deviceName), Cell("\(path.path)")]
                    guard !path.findings.isEmpty else { return [name + [Cell("nothing to compare", .faint)]] }
                    return path.findings.map { name + [Cell($0.text, $0.isSurprise ? .warning : .plain)] }
                }), palette)
        return sheet.text(palette)
    }

    private static func change(_ change: MiddleboxChange) -> String {
        "\(change)" + (change.subject == nil ? "  (guarded paths do not look at it)" : "")
    }
}
