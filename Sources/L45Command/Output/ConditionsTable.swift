import L45Model

/// What is said of a thing, with reasons.
enum ConditionsTable {
    /// One of them in a cell, with the reason where it is not so; nothing where it is not said.
    static func cell(_ conditions: [Condition]?, _ type: String) -> Cell {
        guard let condition = conditions?.first(where: { $0.type == type }) else { return Cell("", .faint) }
        return switch condition.status {
        case .yes: Cell("yes", .good)
        case .no: Cell("no: \(condition.reason)", .warning)
        case .unknown: Cell("unknown: \(condition.reason)", .faint)
        }
    }

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
