import L45Model

/// `l45 rollout history`.
enum HistoryTable {
    static func table(_ steps: [IntentStepView], now: Timestamp, wide: Bool = false) -> Table {
        var table = Table(columns: [
            "REVISION", "EDITION", wide ? "TIME" : "AGE", "CAUSE", "BY", "MANAGER", "RESULT", "ORIGIN",
        ])
        table.rows = steps.map { step in
            let tone: Tone =
                switch step.result {
                case .settled: .good
                case .progressing, .held: .warning
                case .superseded, .withdrawn: .faint
                }
            return [
                "\(step.revision)", "\(step.epoch)",
                wide ? Cell("\(step.at)") : .ticking(Age.since(step.at, now)), Cell(step.cause ?? ""),
                Cell(step.by ?? ""), Cell(step.manager ?? ""), Cell(step.result.rawValue, tone), Cell(step.origin),
            ]
        }
        return table
    }
}
