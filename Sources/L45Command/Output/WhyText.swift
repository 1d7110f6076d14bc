import L45Model

/// `l45 rollout status NAME --why`: what holds a rollout up, since when, and what comes next.
enum WhyText {
    static func text(_ rollouts: [RolloutView], now: Timestamp) -> String {
        rollouts.map { lines($0, now).joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private static func lines(_ rollout: RolloutView, _ now: Timestamp) -> [String] {
        let goal = rollout.epoch.map { "to epoch \($0)" } ?? "being withdrawn"
        let age = Age.since(rollout.since, now)
        if rollout.phase == .settled, rollout.waiting.isEmpty {
            return ["\(rollout.flow) is done: settled at \(rollout.epoch.map { "epoch \($0)" } ?? "plain") for \(age)"]
        }
        var lines = ["\(rollout.flow) is not done: \(goal), in phase \(rollout.phase.rawValue) for \(age)"]
        if let halted = rollout.halted {
            lines.append("  halted \(Age.ago(halted.at, now)): \(Printable.line(halted.reason))")
        }
        if rollout.paused { lines.append("  paused by an operator") }
        if let wave = rollout.wave { lines.append("  wave \(wave.number) of \(wave.count)") }
        if rollout.waiting.isEmpty {
            lines.append("  waits for no device")
        } else {
            lines.append("  waits for:")
            lines += rollout.waiting.map { "    \(waiting($0, now))" }
        }
        if let next = rollout.next { lines.append("  next: \(next)\(time(rollout.nextAt, now))") }
        if let halts = rollout.haltsAt { lines.append("  halts\(time(halts, now)) if it is not done by then") }
        return lines
    }

    private static func waiting(_ waiting: RolloutView.Waiting, _ now: Timestamp) -> String {
        var text = Printable.line(RolloutsTable.waiting(waiting))
        if let since = waiting.since { text += ", for \(Age.since(since, now))" }
        if let next = waiting.next { text += "; it \(next)\(time(waiting.nextAt, now))" }
        return text
    }

    private static func time(_ time: APITime?, _ now: Timestamp) -> String {
        guard let time else { return "" }
        let left = time.timestamp - now
        return left > .zero ? " in \(Age.text(left))" : " now"
    }
}
