import L45Model

/// `l45 explain NAME`, `l45 rollout status NAME --why`: what holds an intent up, since when, and what comes next.
enum WhyText {
    /// - Parameter rollouts: of the intent, or of the one that it adds to.
    static func text(_ intent: IntentView, _ rollouts: [RolloutView], now: Timestamp) -> String {
        let standing = intent.conditions.first { $0.type == "Ready" }
        var parts = rollouts.map { lines($0, now).joined(separator: "\n") }
        // Paths have no rollout, and what is not yet on its way has none either.
        if rollouts.allSatisfy({ $0.phase == .settled && $0.waiting.isEmpty }), !intent.ready || rollouts.isEmpty {
            let reason = standing.map { ": \(Printable.line($0.message))" } ?? ""
            parts.append("intent/\(intent.name) is \(intent.ready ? "done" : "not done")\(reason)")
        }
        let others = intent.conditions.filter { ["Fits", "InForce", "Level", "After"].contains($0.type) }
        parts += others.map { "\($0.type.lowercased()): \(Printable.line($0.message))" }
        if let schedule = intent.schedule { parts.append(schedule.sentence(intent.name, now: now)) }
        return parts.joined(separator: "\n\n")
    }

    /// A posture that is on its way: which devices its level waits for.
    static func text(_ posture: PostureView, now: Timestamp) -> String {
        let age = Age.since(posture.since, now)
        guard !(posture.isReached && posture.waiting.isEmpty) else {
            let took = posture.tookMilliseconds.map { ", reached within \(Span.milliseconds($0))" } ?? ""
            return "posture/\(posture.name) is done: at \(posture.level) for \(age)\(took)"
        }
        var lines = [
            "posture/\(posture.name) is not done: to \(posture.level) for \(age), "
                + "\(posture.devicesReady) of \(counted(posture.devices, "device")) run it"
        ]
        if !posture.held.isEmpty {
            let names = posture.held.map(\.rawValue).joined(separator: ", ")
            lines.append("  held: \(names), paused or halted")
        }
        if !posture.waiting.isEmpty {
            lines.append("  waits for:")
            lines += posture.waiting.map { "    \(waiting($0, now))" }
        }
        return lines.joined(separator: "\n")
    }

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
