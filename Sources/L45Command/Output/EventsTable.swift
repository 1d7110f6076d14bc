import L45Model

/// `l45 get events`.
enum EventsTable {
    /// - Parameter wide: times in full, and the events' numbers.
    static func table(_ events: [EventView], now: Timestamp, wide: Bool = false) -> Table {
        Table(
            columns: [wide ? "TIME" : "AGE", "SEVERITY", "SUBJECT", "MESSAGE", "FACTS"] + (wide ? ["ID"] : []),
            rows: events.map { event in
                let tone: Tone =
                    switch event.severity {
                    case .info: .plain
                    case .warning: .warning
                    case .alert: .bad
                    }
                return [
                    wide ? Cell("\(event.at)") : .ticking(Age.since(event.at, now)),
                    Cell(event.severity.rawValue, tone),
                    Cell(event.subject),
                    Cell(event.message, tone),
                    Cell(facts(event.facts)),
                ] + (wide ? ["\(event.id)"] : [])
            })
    }

    /// `epoch=4 device='web 1'`, sorted.
    static func facts(_ facts: [String: String]) -> String {
        facts.sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value.contains(" ") ? "'\($0.value)'" : $0.value)" }
            .joined(separator: " ")
    }
}
