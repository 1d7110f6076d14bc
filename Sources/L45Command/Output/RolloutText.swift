import L45Model

/// What a steering verb says.
enum RolloutText {
    static func text(_ result: RolloutResult) -> String {
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
