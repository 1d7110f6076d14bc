/// A search that asks for up to three types in one SYN.
///
/// 1. HNAT | HNONAT | HNONAT. A path that changes nothing, or nothing but addresses or the ISN, is known after this:
/// two fragments vouch for
///    HNONAT, and the answer's echo tells translated addresses from an overwritten carrier.
/// 2. Where HNONAT holds and only the first slot is open: HNULL | HNAT | HNULL on carriers that are known by now.
/// 3. Else HNULL in all three: which carriers arrive, or that HICCUPS cannot be used. The first reading now counts too.
/// 4. HNOOPT | HONLYOPT | HNOOPT, then the narrow types of what failed, three at a time.
/// 5. What changed on the way out is answered as "changed", so the way back is open: each such type once in all three
/// carriers.
///
/// A fragment that fails counts against its fields only on a carrier that is known to arrive. A group that changed
/// while each of
/// its parts seems intact means a match by chance (1 in 4096): the parts are asked for again, in all three carriers.
struct MixedStrategy: Sendable {
    private var asked: [PerCarrier<Coverage>] = []

    mutating func step(_ knowledge: PathKnowledge) -> InterrogationStep {
        let step = decide(knowledge)
        if case .ask(let coverage) = step { asked.append(coverage) }
        return step
    }

    /// The types that this strategy puts into two of three carriers.
    static let pairedTypes: Set<Coverage> = [.noNAT, .noOptions, .null]

    private static let opener = PerCarrier<Coverage>(.nat, .noNAT, .noNAT)

    private func decide(_ knowledge: PathKnowledge) -> InterrogationStep {
        guard !asked.isEmpty else { return .ask(Self.opener) }
        let rest = Direction.allCases.allSatisfy { knowledge[$0, .noNAT] == .intact(.twoFragments) }
        if rest, isFirstSlotKnown(knowledge) { return .finish(.known) }
        if rest, let check = unasked(PerCarrier(.null, .nat, .null)), usable(knowledge).count >= 2 {
            return .ask(check)
        }
        if let health = unasked(PerCarrier(all: .null)) { return .ask(health) }
        guard Direction.allCases.allSatisfy({ knowledge.carriersIntact($0) >= 2 }) else {
            return .finish(.cannotUseHiccups)
        }
        if Direction.allCases.contains(where: { isOpen(knowledge[$0, .noNAT]) }),
            let again = unasked(PerCarrier(all: .noNAT))
        {
            return .ask(again)
        }
        return narrow(knowledge)
    }

    /// One fragment is not enough to end the search by.
    private func isOpen(_ verdict: PathVerdict) -> Bool { verdict.isUnknown || verdict == .intact(.oneFragment) }

    private func isFirstSlotKnown(_ knowledge: PathKnowledge) -> Bool {
        Direction.allCases.allSatisfy { direction in
            !knowledge[direction, .nat].isUnknown
                && Carrier.allCases.allSatisfy { !knowledge[direction, $0].isUnknown }
        }
    }

    private func narrow(_ knowledge: PathKnowledge) -> InterrogationStep {
        let groups: [Coverage] = [.noOptions, .onlyOptions]
        let changed = Direction.allCases.filter { knowledge[$0, .noNAT].isChanged }
        func isUnknown(_ coverage: Coverage) -> Bool { changed.contains { knowledge[$0, coverage].isUnknown } }

        if groups.contains(where: isUnknown), let mixed = mix([.noOptions, .onlyOptions, .noOptions], knowledge) {
            return .ask(mixed)
        }
        for group in groups where isUnknown(group) {
            if let again = unasked(PerCarrier(all: group)) { return .ask(again) }
        }
        var leaves: [Coverage] = []
        for group in groups {
            for leaf in PathKnowledge.leaves(of: group) where !leaves.contains(leaf) {
                let open = changed.contains { knowledge[$0, group].isChanged && knowledge[$0, leaf].isUnknown }
                if open { leaves.append(leaf) }
            }
        }
        if Direction.allCases.contains(where: { knowledge[$0, .nat].isUnknown }) { leaves.append(.nat) }
        let untried = leaves.filter { leaf in !asked.dropFirst().contains { $0.contains(leaf) } }
        if !untried.isEmpty, let mixed = mix(untried, knowledge) { return .ask(mixed) }
        for leaf in leaves { if let again = unasked(PerCarrier(all: leaf)) { return .ask(again) } }
        return recheck(knowledge, changed, groups)
    }

    private func recheck(
        _ knowledge: PathKnowledge, _ changed: [Direction], _ groups: [Coverage]
    ) -> InterrogationStep {
        for direction in changed {
            let parts = groups.filter { knowledge.isUnexplained(direction, $0) }.flatMap(PathKnowledge.leaves)
            let none = groups.allSatisfy { knowledge[direction, $0].isIntact }
            for part in parts + (none ? groups : []) where knowledge[direction, part] == .intact(.oneFragment) {
                if let again = unasked(PerCarrier(all: part)) { return .ask(again) }
            }
        }
        return .finish(.known)
    }

    private func unasked(_ coverage: PerCarrier<Coverage>) -> PerCarrier<Coverage>? {
        asked.contains(coverage) ? nil : coverage
    }

    /// The carriers that arrive both ways.
    private func usable(_ knowledge: PathKnowledge) -> [Carrier] {
        Carrier.allCases.filter { carrier in
            Direction.allCases.allSatisfy { knowledge[$0, carrier].isIntact }
        }
    }

    /// The first of `types` in the usable carriers, HNULL in the others; with one usable carrier, the first type in all
    /// three.
    private func mix(_ types: [Coverage], _ knowledge: PathKnowledge) -> PerCarrier<Coverage>? {
        let slots = usable(knowledge)
        guard slots.count >= 2 else { return types.first.flatMap { unasked(PerCarrier(all: $0)) } }
        var mixed = PerCarrier(all: Coverage.null)
        for (slot, type) in zip(slots, types) { mixed[slot] = type }
        return unasked(mixed)
    }
}

extension PerCarrier<Coverage> {
    func contains(_ coverage: Coverage) -> Bool { isn == coverage || ipid == coverage || window == coverage }
}
