import L45Model

/// What is said of a thing, with reasons.
enum ConditionsTable {
    static func table(_ conditions: [Condition], now: Timestamp) -> Table {
        Table(
            columns: ["TYPE", "STATUS", "SINCE", "REASON", "MESSAGE"],
            rows: conditions.map {
                [
                    Cell($0.type), Cell($0.status.rawValue), .ticking(Age.since($0.since, now)), Cell($0.reason),
                    Cell($0.message),
                ]
            })
    }
}
