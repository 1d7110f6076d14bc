import L45Model

/// `l45 get sources`.
enum SourcesTable {
    static func table(_ sources: [SourceView], now: Timestamp, wide: Bool) -> Table {
        var columns = ["SOURCE", "READY", "HEALTHY", "REVISION", "INTENTS", "LOOKED", "STATUS"]
        if wide { columns += ["REFERENCE", "URL"] }
        return Table(
            columns: columns,
            rows: sources.map { source in
                var row: [Cell] = [
                    Cell(source.name), ready(source), healthy(source), Cell(revision(source.lastAppliedRevision)),
                    Cell("\(source.intents.count)"), .ticking(Age.ago(source.lookedAt, now)), status(source),
                ]
                if wide { row += [Cell(source.reference), Cell(source.url)] }
                return row
            })
    }

    static func revision(_ commit: String?) -> String { commit.map { String($0.prefix(12)) } ?? Age.none }

    static func ready(_ source: SourceView) -> Cell {
        guard let condition = source.condition("Ready") else { return Cell(Age.none) }
        switch condition.status {
        case .yes: return source.suspended ? Cell("suspended", .warning) : Cell("yes", .good)
        case .no: return Cell("no", .bad)
        case .unknown: return Cell("unknown", .faint)
        }
    }

    static func healthy(_ source: SourceView) -> Cell {
        guard let condition = source.condition("Healthy") else { return Cell(Age.none) }
        switch condition.status {
        case .yes: return Cell("yes", .good)
        case .no: return Cell("no", condition.reason == "Degraded" ? .bad : .warning)
        case .unknown: return Cell("unknown", .faint)
        }
    }

    /// What is worth knowing first.
    private static func status(_ source: SourceView) -> Cell {
        if let ready = source.condition("Ready"), ready.status == .no { return Cell(ready.reason, .bad) }
        if !source.drifted.isEmpty { return Cell("\(counted(source.drifted.count, "intent")) drifted", .warning) }
        if let devices = source.driftedDevices, !devices.isEmpty {
            return Cell("labels of \(counted(devices.count, "device")) drifted", .warning)
        }
        if source.suspended { return Cell("Suspended", .warning) }
        if let healthy = source.condition("Healthy"), healthy.status == .no { return Cell(healthy.reason, .warning) }
        return Cell(source.condition("Ready")?.reason ?? "")
    }
}

extension SourceView {
    func condition(_ type: String) -> Condition? { conditions.first { $0.type == type } }
}
