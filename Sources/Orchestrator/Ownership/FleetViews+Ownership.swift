import IntentCompiler
import L45Model
import Reconciler

// Whose each part of an intent is, and what its schedule does next.
extension FleetViews {
    /// nil: it rotates by hand alone.
    func schedule(of record: IntentRecord) -> ScheduleView? {
        guard let rotation = book.intent(record.name)?.rotation else { return nil }
        let next = RotationSchedule.next(record: record, timing: rotation.timing, jitter: rotation.jitter)
        return ScheduleView(rotation.timing, next: next, record: record, now: now)
    }

    func owners(of record: IntentRecord) -> [FieldOwner] {
        let hands = book.hands[record.name] ?? IntentHands()
        let isPosture = book.intent(record.name)?.posture != nil
        var owners: [FieldOwner] = []
        if let hand = hands.document {
            let undone = hand.cause == RolloutRequest.Verb.undo.rawValue ? ", come back to by '\(hand.tool)'" : ""
            owners.append(
                FieldOwner(
                    .document, owner: hand.manager ?? hand.tool, by: hand.by, since: hand.at,
                    note: "revision \(record.revision), from \(record.origin)\(undone)"))
        }
        if let hand = hands.edition, !isPosture {
            let schedule = schedule(of: record).map { "; \($0.sentence(record.name, now: now))" } ?? ""
            owners.append(FieldOwner(.edition, hand, note: "epoch \(record.epoch)\(schedule)"))
        }
        if let owner = levelOwner(of: record.name, isPosture) { owners.append(owner) }
        if record.paused {
            let note = "no step is taken, and no schedule counts, until 'l45 rollout resume \(record.name)'"
            owners.append(
                hands.pause.map { FieldOwner(.pause, $0, note: note) }
                    ?? FieldOwner(.pause, owner: "operator", by: nil, since: nil, note: note))
        }
        return owners
    }

    /// nil: no level decides over it.
    private func levelOwner(of name: IntentName, _ isPosture: Bool) -> FieldOwner? {
        guard let standing = book.standing else { return nil }
        let note: String
        if isPosture, let declared = book.declaredLevel {
            note =
                "\(standing.level)"
                + (standing.level.isSame(as: declared) ? "" : "; the document says \(declared)")
        } else if let places = book.posture?.whereabouts(of: name) {
            note = "\(standing.level), \(fleet.resting.contains(name) ? "standing by" : "in force"); in force \(places)"
        } else {
            return nil
        }
        let isCommand = standing.via == .command
        return FieldOwner(
            .level, owner: isCommand ? "l45 threat-level" : "document", by: standing.by, since: standing.since,
            note: note)
    }
}
