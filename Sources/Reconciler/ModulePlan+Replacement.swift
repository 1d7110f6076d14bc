import L45Model

/// How one plan of a module may take the place of another that has the same id: another device came or went, an address
/// changed.
extension ModulePlan {
    /// Whether messages of the one are messages of the other. If not, the same id stands for two dialects, which
    /// cannot be in one table at a time.
    func speaksLike(_ other: ModulePlan) -> Bool {
        dialect == other.dialect && dialectSecret == other.dialectSecret && epoch == other.epoch
            && directions == other.directions && role == other.role && underTest == other.underTest
    }

    /// This plan with peers of `old` besides its own: peers are added before the new ones send and taken away after the
    /// old ones are silent, so a change of peers has two halves. Equal to `self` when it takes none away.
    /// - Parameter keeping: whether a peer of `old` is still needed.
    func widened(by old: ModulePlan, keeping: (EndpointPattern) -> Bool) -> ModulePlan {
        let before = old.tapSocket.remotes
        guard !tapSocket.remotes.isEmpty, tapSocket.remotes != before else { return self }
        let mine = Set(tapSocket.remotes)
        let kept = before.filter { !mine.contains($0) && keeping($0) }
        // An old plan that named no peer matched every one; it says nothing of which of them are still needed.
        guard !kept.isEmpty else { return self }
        var widened = self
        widened.tapSocket.remotes = tapSocket.remotes + kept
        return widened
    }
}
