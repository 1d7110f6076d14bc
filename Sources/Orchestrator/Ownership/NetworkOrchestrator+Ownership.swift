import Inventory
import L45Model

// Who may change what another tool wrote. Of git sources `SourceBook` says it.
extension NetworkOrchestrator {
    /// - Throws: `badInput`.
    func check(manager: String?) throws(APIFailure) {
        guard let manager else { return }
        let most = ApplyRequest.managerCharactersMax
        let isWell = manager.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value < 0x7f || $0 == " " }
        guard !manager.isEmpty, manager.count <= most, isWell else {
            throw APIFailure(
                .badInput, "a manager's name has 1 to \(most) printable characters; nothing was changed",
                hint: "name the tool, such as --field-manager ci")
        }
        guard !manager.hasPrefix(FieldManager.gitPrefix) else {
            throw APIFailure(
                .badInput, "'\(manager)' is the name of a git source; nothing was changed",
                hint: "name the tool, such as --field-manager ci")
        }
    }

    /// Intents that other tools hold, and that a prune by `manager` leaves in place.
    func held(against manager: String?) -> [FieldConflict] {
        FieldConflict.among(book.records.keys, in: book, for: manager)
            .filter { !sources.kept.contains($0.intent) }
    }

    /// What a dry run and a plan say of a change that an apply would refuse, or leave undone.
    func ownershipWarnings(
        _ touched: Set<IntentName>, spared: [FieldConflict], named: Set<IntentName>, manager: String?
    ) -> [String] {
        let refused = FieldConflict.among(touched.subtracting(sources.kept), in: book, for: manager)
        return sources.kept.intersection(touched).sorted().map { sources.warning(of: $0) }
            + refused.map { $0.warning("an apply of this is refused without --force") }
            + Self.sparing(spared, named)
    }

    /// - Parameter named: intents that the files name: those are no matter of pruning.
    static func sparing(_ spared: [FieldConflict], _ named: Set<IntentName>) -> [String] {
        spared.filter { !named.contains($0.intent) }.map { $0.warning("it stays; --force withdraws it too") }
    }

    /// Documents that were applied as they are: what nobody holds is the tool's from now on, and with force what another held.
    func claim(_ outcomes: [ApplyResult.Intent], by manager: String?, isForced: Bool, _ time: Timestamp) throws {
        let same = outcomes.filter { $0.outcome == .unchanged && !sources.kept.contains($0.name) }.map(\.name)
        let taken = isForced ? FieldConflict.among(same, in: book, for: manager) : []
        let unheld = FieldManager.isByHand(manager) ? [] : same.filter { book.hands[$0]?.document == nil }
        let names = Set(taken.map(\.intent)).union(unheld)
        guard !names.isEmpty else { return }
        try refuseBeyondScope(intents: names)
        let by = AuditSlot.current == nil ? nil : OperatorCall.current.caller.name
        var hands: [IntentName: IntentHands] = [:]
        for name in names {
            hands[name] = book.hands[name] ?? IntentHands()
            hands[name]?.document = IntentHand(cause: "operator", manager: manager, by: by, at: time)
        }
        AuditSlot.current?.name(
            (AuditSlot.current?.objects ?? []) + names.sorted().map { "intent/\($0) taken over" })
        try inventory.record(hands: hands, events: taken.map { $0.takenOver(by: manager, at: time) })
        book.hands.merge(hands) { _, new in new }
    }

    /// What there is to say of an undo beyond the edition: whose document it set aside, and what that comes to.
    func notes(ofUndo before: IntentRecord, _ after: IntentRecord) -> [String] {
        guard before.source != after.source else { return [] }
        var notes = ["its document goes back too: revision \(after.revision) says what \(after.origin) said before"]
        if let owner = sources.owners[after.name], let spec = sources.entries[owner.source]?.stored.spec {
            guard sources.isDrifted(owner, book) else { return notes }
            notes.append(
                "\(spec.manager) keeps it, and says otherwise: "
                    + (spec.drift == .correct
                        ? "its next look takes this back, unless 'l45 source suspend \(spec.name)' comes first"
                        : "this holds until its next commit"))
        } else if let hand = book.hands[after.name]?.document, FieldManager.isHeld(by: hand, against: nil) {
            notes.append("'\(hand.manager ?? "")' holds it: its next apply brings its own document again")
        }
        return notes
    }
}
