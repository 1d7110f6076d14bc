import L45Model

/// An intent whose document another tool holds. Pure.
struct FieldConflict: Hashable, Sendable {
    var intent: IntentName
    var revision: Generation
    /// Who wrote the document last.
    var hand: IntentHand

    /// Of these intents those that `manager` does not change unasked, by name.
    static func among(_ names: some Sequence<IntentName>, in book: IntentBook, for manager: String?) -> [FieldConflict]
    {
        names.sorted().compactMap { name in
            guard let hand = book.hands[name]?.document, FieldManager.isHeld(by: hand, against: manager),
                let record = book.records[name]
            else { return nil }
            return FieldConflict(intent: name, revision: record.revision, hand: hand)
        }
    }

    /// `'ci'`, `operators, by hand`.
    private var holder: String {
        FieldManager.isByHand(hand.manager) ? "operators, by hand" : "'\(hand.manager ?? "")'"
    }

    /// `held by 'ci': revision 3, of alice, at 2026-11-21T03:00:14.123Z`.
    private var standing: String {
        let by = hand.by.map { ", of \($0)" } ?? ""
        return "held by \(holder): revision \(revision)\(by), at \(APITime(hand.at))"
    }

    /// What a dry run, a plan, and a prune that leaves it in place say.
    func warning(_ what: String) -> String { "warning: intent '\(intent)' is \(standing); \(what)" }

    /// What a change by force leaves in the trail.
    func takenOver(by manager: String?, at time: Timestamp) -> Event {
        var facts = ["from": hand.manager ?? "operators", "to": manager ?? "operators"]
        facts["of"] = hand.by
        return Event(
            at: time, severity: .warning, subject: "intent/\(intent)", message: "intent taken over", facts: facts)
    }

    /// - Parameter verb: what is refused, `apply`.
    /// - Returns: nil: there is nothing to refuse.
    static func refusal(_ conflicts: [FieldConflict], of verb: String, by manager: String?) -> APIFailure? {
        guard let first = conflicts.first else { return nil }
        let others = conflicts.count > 1 ? ", and \(conflicts.count - 1) more are held" : ""
        let hint: String
        if FieldManager.isByHand(first.hand.manager) {
            hint = "\(verb) it by hand, without --field-manager, or take it over with --force"
        } else {
            let name = first.hand.manager ?? ""
            hint = "leave it to '\(name)', speak as it with --field-manager '\(name)', or take it over with --force"
        }
        return APIFailure(
            .conflict, "intent '\(first.intent)' is \(first.standing)\(others); nothing was changed",
            diagnostics: conflicts.count > 1
                ? conflicts.prefix(diagnosticsMax).map { "intent '\($0.intent)' is \($0.standing)" } : [], hint: hint)
    }

    private static let diagnosticsMax = 20
}
