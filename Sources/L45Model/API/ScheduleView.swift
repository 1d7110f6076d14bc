/// What the schedule of an intent's rotations does next.
package struct ScheduleView: Hashable, Codable, Sendable {
    package enum State: String, Hashable, Codable, Sendable {
        /// It rotates at `next`.
        case counting
        /// Its time has come: it rotates once the flows are settled.
        case due
        /// The intent is paused. What becomes due meanwhile is made up for once, after the pause.
        case held
    }

    /// `every 6h`, `at "0 3 * * *" UTC`.
    package var rotates: String
    package var state: State
    /// nil: never.
    package var next: APITime?
    /// The edition in force was come back to by hand, and the next rotation leaves it.
    package var afterUndo: Bool

    /// - Parameter next: when the edition in force is to be followed by the next one; nil: never.
    package init(_ timing: RotationTiming, next: Timestamp?, record: IntentRecord, now: Timestamp) {
        rotates = "\(timing)"
        self.next = APITime(known: next)
        state = record.paused ? .held : next.map { $0 <= now } ?? false ? .due : .counting
        afterUndo = record.epoch != record.epochMax
    }

    /// What it does next, in words, and who can hold it.
    package func sentence(_ intent: IntentName, now: Timestamp) -> String {
        let name = "its schedule (\(rotates))"
        guard let next else { return "\(name) never comes" }
        switch state {
        case .held:
            let then = next.timestamp <= now ? "at once" : "at \(next)"
            return "\(name) is held while it is paused; after 'l45 rollout resume \(intent)' it rotates \(then)"
        case .due where afterUndo:
            return "\(name) leaves this edition again as soon as its flows are settled; "
                + "'l45 rollout pause \(intent)' holds it"
        case .due: return "\(name) rotates it as soon as its flows are settled"
        case .counting where afterUndo:
            return "\(name) rotates again at \(next), to a new edition; 'l45 rollout pause \(intent)' holds it"
        case .counting: return "\(name) rotates it next at \(next)"
        }
    }
}
