import L45Model

/// `l45 get rollouts` and `l45 rollout status`.
enum RolloutsTable {
    /// - Parameter everyDevice: a row for each device that is waited for, not the first alone.
    static func table(_ rollouts: [RolloutView], now: Timestamp, everyDevice: Bool = false) -> Table {
        Table(
            columns: ["FLOW", "EPOCH", "PHASE", "SINCE", "WAITS FOR"],
            rows: rollouts.flatMap { rollout in
                let head: [Cell] = [
                    Cell("\(rollout.flow)"),
                    Cell(rollout.epoch.map { "\($0)" } ?? "leaves"),
                    phase(rollout),
                    .ticking(Age.since(rollout.since, now)),
                ]
                let waits = rollout.waiting.map(waiting)
                guard let first = waits.first else { return [head + [Cell("", .faint)]] }
                guard everyDevice else {
                    return [head + [Cell(waits.count == 1 ? first : "\(first) (and \(waits.count - 1) more)")]]
                }
                let blank = Cell(" ")
                return [head + [Cell(first)]]
                    + waits.dropFirst().map { [blank, blank, blank, blank, Cell($0)] }
            })
    }

    static func waiting(_ waiting: RolloutView.Waiting) -> String { "\(waiting.deviceName): \(waiting.reason)" }

    private static func phase(_ rollout: RolloutView) -> Cell {
        if rollout.halted != nil { return Cell("\(rollout.phase.rawValue) (halted)", .warning) }
        if rollout.paused { return Cell("\(rollout.phase.rawValue) (paused)", .warning) }
        if rollout.standby == true { return Cell("\(rollout.phase.rawValue) (standby)") }
        return Cell(rollout.phase.rawValue, rollout.phase == .settled ? .good : .plain)
    }
}
