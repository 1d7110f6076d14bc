import L45Model

/// Which intents make a chain with one another, by what they say: a head, and whatever comes after it.
struct Chains {
    /// Of every intent that is in a chain, the head included.
    private var heads: [IntentName: IntentName] = [:]

    /// - Parameter parts: sorted by name, each once.
    /// - Returns: nil when a chain has no head: it leads to an intent that is not there, or round in a circle.
    init?(_ parts: [IntentPart]) {
        var after: [IntentName: IntentName] = [:]
        for part in parts { after[part.name] = part.entry.intent.after }
        for name in after.keys {
            var head = name
            var steps = 0
            while let next = after[head] {
                head = next
                steps += 1
                guard steps <= after.count else { return nil }
            }
            guard parts.first(named: head) != nil else { return nil }
            heads[name] = head
            heads[head] = head
        }
    }

    /// The chains that look otherwise when these intents have come, gone or changed, by their heads. One that has lost all
    /// that came after it counts too.
    /// - Parameter before: the chains as they were.
    func heads(touchedBy names: Set<IntentName>, before: Chains) -> Set<IntentName> {
        guard !(heads.isEmpty && before.heads.isEmpty) else { return [] }
        let then = names.compactMap { before.heads[$0] }
        return Set((names + then).compactMap { heads[$0] }).union(then.filter { heads[$0] == nil })
    }

    /// Whether an intent belongs to one of the chains that have these heads.
    func isMember(_ name: IntentName, of heads: Set<IntentName>) -> Bool { heads.contains(self.heads[name] ?? name) }
}
