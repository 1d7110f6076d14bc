import L45Model

/// What a steering verb says.
enum RolloutText {
    static func text(_ result: RolloutResult, now: Timestamp) -> String {
        let schedule = result.schedule.map { "  \($0.sentence(result.intent, now: now))" }
        let notes = (result.notes ?? []).map { "  \(Printable.line($0))" }
        return ([verb(result)] + [schedule].compactMap { $0 } + notes).joined(separator: "\n")
    }

    private static func verb(_ result: RolloutResult) -> String {
        let name = "intent/\(result.intent)"
        switch (result.verb, result.changed) {
        case (.pause, true): return "\(name) paused at epoch \(result.epoch)"
        case (.pause, false): return "\(name) was paused already, at epoch \(result.epoch)"
        case (.resume, true): return "\(name) goes on to epoch \(result.epoch)"
        case (.resume, false): return "\(name) was not paused, it is at epoch \(result.epoch)"
        case (.undo, _): return "\(name) goes back to epoch \(result.epoch)\(result.paused ? ", once resumed" : "")"
        case (.retry, true): return "\(name) goes on to epoch \(result.epoch)\(result.paused ? ", once resumed" : "")"
        case (.retry, false): return "\(name) was not halted, it is at epoch \(result.epoch)"
        case (.rotate, _): return "\(name) rotates to epoch \(result.epoch)\(result.paused ? ", once resumed" : "")"
        }
    }
}
