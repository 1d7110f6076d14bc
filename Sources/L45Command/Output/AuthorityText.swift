import L45Model

/// `l45 ca status`.
enum AuthorityText {
    static func text(_ view: AuthorityView, now: Timestamp, _ palette: Palette) -> String {
        var sheet = Sheet()
        sheet.field("Authority", view.issuing.short)
        sheet.field("Phase", Cell(view.phase, view.phase == "settled" ? .good : .warning))
        sheet.field("Since", Age.ago(view.since, now))
        if let other = view.other {
            sheet.field(view.phase == "distributing" ? "Next" : "Before", other.short)
        }
        sheet.field("Devices", "\(view.devices)")
        guard view.other != nil else { return sheet.text(palette) }
        sheet.field("Waits for", "\(view.waitingCount) of \(view.devices)")
        var table = Table(columns: ["DEVICE", "ID", "LINK", "WHY"])
        table.rows = view.waiting.map { waiting in
            [
                Cell(waiting.name), Cell(String(waiting.device.rawValue.prefix(12))),
                Cell(waiting.isConnected ? "connected" : "away", waiting.isConnected ? .plain : .warning),
                Cell(waiting.reason),
            ]
        }
        if !table.rows.isEmpty { sheet.section("Waiting", table, palette) }
        return sheet.text(palette)
    }
}
