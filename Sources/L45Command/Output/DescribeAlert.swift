import L45Model

/// `l45 describe alert ID`.
enum DescribeAlert {
    static func text(_ alert: AlertView, events: [EventView], now: Timestamp, _ palette: Palette) -> String {
        var sheet = Sheet()
        sheet.field("Alert", "\(alert.id)")
        sheet.field("Kind", "\(alert.kind)")
        sheet.field("Severity", AlertsTable.severity(alert))
        sheet.field("State", AlertsTable.state(alert))
        if let device = alert.device { sheet.field("Device", "\(alert.deviceName ?? "no longer known") (\(device))") }
        if let module = alert.module { sheet.field("Module", "\(module)") }
        if let flow = alert.flow { sheet.field("Flow", "\(flow)") }
        if let path = alert.path { sheet.field("Path", "\(path)") }
        if let other = alert.other { sheet.field("About", other) }
        sheet.field("Expected", alert.expected)
        sheet.field("Seen", Cell(alert.seen, alert.state == .resolved ? .plain : .bad))
        sheet.field("First", "\(alert.firstSeen), \(Age.ago(alert.firstSeen, now))")
        sheet.field("Last", "\(alert.lastSeen), \(Age.ago(alert.lastSeen, now))")
        sheet.field("Occasions", "\(alert.count)")
        if let by = alert.acknowledgedBy {
            sheet.field("Acknowledged", "by \(by), \(Age.ago(alert.acknowledgedAt, now))")
        }
        if let note = alert.note { sheet.field("Note", note) }
        if let resolution = alert.resolution {
            sheet.field("Resolved", "\(Age.ago(alert.resolvedAt, now)): \(resolution)")
        }
        if alert.state != .resolved, let advice = alert.kind.advice { sheet.field("Way out", advice) }
        sheet.section("Events", EventsTable.table(events, now: now), palette)
        return sheet.text(palette)
    }
}
