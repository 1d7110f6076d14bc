import L45Model

/// The parts of an intent, and whose each is.
enum OwnersTable {
    static func table(_ owners: [FieldOwner], now: Timestamp) -> Table {
        Table(
            columns: ["PART", "OWNER", "BY", "SINCE", "WHAT"],
            rows: owners.map {
                [
                    Cell($0.field.rawValue), Cell($0.owner), Cell($0.by ?? ""), .ticking(Age.since($0.since, now)),
                    Cell($0.note),
                ]
            })
    }
}
