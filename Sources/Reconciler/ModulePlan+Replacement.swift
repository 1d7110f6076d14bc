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

    /// This plan, with the peers of `old` besides its own: peers are added before the new ones send and taken away
    /// after the old ones are silent, so a change of peers has two halves. Equal to `self` when it takes none away.
    func widened(by old: ModulePlan) -> ModulePlan {
        guard !tapSocket.remotes.isEmpty, tapSocket.remotes != old.tapSocket.remotes else { return self }
        var widened = self
        guard !old.tapSocket.remotes.isEmpty else {
            widened.tapSocket.remotes = []
            return widened
        }
        let mine = Set(tapSocket.remotes)
        let before = Set(old.tapSocket.remotes)
        if before.isSubset(of: mine) { return self }
        widened.tapSocket.remotes = old.tapSocket.remotes + tapSocket.remotes.filter { !before.contains($0) }
        return widened
    }
}
