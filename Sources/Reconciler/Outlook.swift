package import L45Model

/// What a rollout that is not done will do next, and when: for people. Pure, and decided nowhere else but said here.
package struct Outlook: Hashable, Sendable {
    /// A sentence without its end: `the old modules are taken off`.
    package var next: String
    /// The earliest time for it; nil: as soon as what is waited for is there.
    package var nextAt: Timestamp?
    /// When the rollout is halted if it is not done by then; nil: never.
    package var haltsAt: Timestamp?

    /// - Returns: nil when there is nothing left to do.
    package init?(_ status: RolloutStatus, strategy: RolloutStrategy?, policy: RolloutPolicy) {
        let name = status.intent
        let rests = status.rest == .standby
        let course = rests ? nil : status.course
        let braked = status.waiting.contains { $0.reason.hasSuffix(Wording.brake) }
        if course?.halt != nil {
            next = "nothing moves until 'l45 rollout retry \(name)' goes on or 'l45 rollout undo \(name)' goes back"
            return
        }
        if status.paused {
            next = "nothing moves until 'l45 rollout resume \(name)'"
            return
        }
        if braked {
            next = "nothing moves until most of the fleet is back"
            return
        }
        if status.phase == .settled {
            guard !status.waiting.isEmpty else { return nil }
            next = "the devices that lost their table get it again"
            return
        }
        if rests, let word = Self.resting(status.phase) {
            next = word
            return
        }
        haltsAt = course.flatMap { course in strategy?.deadline.map { course.began + $0 } }
        if let course, let since = course.soaking, let strategy {
            next = "with the reports that follow the soak, wave \(course.wave + 2) of \(course.waves) begins"
            nextAt = since + strategy.soak
            return
        }
        let edition = status.epoch.map { "edition \($0)" } ?? "plain"
        let wave = course.map { course in
            course.waves > 2 ? " of wave \(course.wave + 1) of \(course.waves)" : ""
        }
        switch status.phase {
        case .deploy: next = "the clients\(wave ?? "") begin to send \(edition)"
        case .flipClients:
            next =
                course.map { $0.wave + 1 < $0.waves / 2 } ?? false
                ? "the next wave of clients begins to send \(edition)" : "the servers begin to send \(edition)"
        case .flipServers:
            next =
                course.map { $0.wave + 1 < $0.waves } ?? false
                ? "the next wave of servers begins to send \(edition)"
                : "the old edition attaches to nothing new"
        case .deprecate: next = "what is under way in the old edition is waited for, \(policy.drainBound) at least"
        case .drain:
            next = "the old modules are taken off"
            nextAt = status.since + policy.drainBound
        case .revoke, .settled: next = "the rollout is done"
        }
    }

    /// Of a flow that the present level has not in force; nil: as with any other.
    private static func resting(_ phase: RolloutPhase) -> String? {
        switch phase {
        case .deploy: "the modules stand by"
        case .flipClients: "the servers cease to send it, and stand by"
        case .flipServers: "it stands by"
        case .deprecate, .drain, .revoke, .settled: nil
        }
    }
}

extension DeviceSnapshot {
    /// Since when the device is as it is, and what is done about it: for people.
    /// - Returns: nil when nothing is waited for that the orchestrator could send.
    package func prospect(_ policy: RolloutPolicy) -> (since: Timestamp, next: String, nextAt: Timestamp?)? {
        switch link {
        case .away(let since): return (since, "gets its table when it is back", nil)
        case .connected(let since, reported: false):
            return (since, "is sent its table if it does not report", since + policy.resendAfter)
        case .connected(_, reported: true):
            guard let sentAt, let table, report?.generation != table.generation else { return nil }
            if let refusal, refusal.generation == table.generation {
                return (
                    sentAt, "is sent the table again; what it refuses has to be mended", sentAt + policy.resendAfter
                )
            }
            return (sentAt, "is sent the table again", sentAt + policy.resendAfter)
        }
    }
}
