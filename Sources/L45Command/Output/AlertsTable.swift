import L45Model

/// `l45 get alerts`.
enum AlertsTable {
    static func table(_ alerts: [AlertView], now: Timestamp, wide: Bool = false) -> Table {
        var columns = ["ID", "SEVERITY", "STATE", "KIND", "ABOUT", "SEEN", "COUNT", "SINCE", "LAST"]
        if wide { columns += ["EXPECTED", "ACKNOWLEDGED BY", "NOTE"] }
        return Table(
            columns: columns,
            rows: alerts.map { alert in
                var row: [Cell] = [
                    "\(alert.id)", severity(alert), state(alert), Cell("\(alert.kind)"), Cell(alert.about),
                    Cell(wide ? alert.seen : short(alert.seen)), "\(alert.count)",
                    .ticking(Age.since(alert.firstSeen, now)), .ticking(Age.since(alert.lastSeen, now)),
                ]
                if wide { row += [Cell(alert.expected), Cell(alert.acknowledgedBy ?? ""), Cell(alert.note ?? "")] }
                return row
            })
    }

    static func severity(_ alert: AlertView) -> Cell {
        let tone: Tone =
            switch alert.severity {
            case _ where alert.state == .resolved: .faint
            case .notice: .plain
            case .warning: .warning
            case .critical: .bad
            }
        return Cell(alert.severity.rawValue, tone)
    }

    static func state(_ alert: AlertView) -> Cell {
        switch alert.state {
        case .open: Cell(alert.state.rawValue, .warning)
        case .acknowledged: Cell(alert.state.rawValue)
        case .resolved: Cell(alert.state.rawValue, .faint)
        }
    }

    /// `describe` and `-o wide` have all of it.
    private static func short(_ text: String) -> String { text.count <= 60 ? text : "\(text.prefix(57))..." }
}
