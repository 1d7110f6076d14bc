/// A search that asks for up to three types in one SYN.
///
/// 1. HNAT | HNONAT | HNONAT. A path that changes nothing, or nothing but addresses or the ISN, is known after this: two
///    fragments vouch for HNONAT, and the answer's echo tells translated addresses from an overwritten carrier.
/// 2. Where HNONAT holds and only the first slot is open: HNULL | HNAT | HNULL on carriers that are known by now.
/// 3. Where the answer shows no sign of life: HNULL in all three, which carriers arrive, or that HICCUPS cannot be used.
///    The first reading now counts too.
/// 4. HNULL, HNOOPT and HONLYOPT together: whichever group holds needs no further look.
/// 5. The narrow types of what did not hold, three at a time, likeliest first.
///
/// Each carrier is answered under the type that it names, so that one exchange tests both ways. What is likely to fail
/// goes into the carrier that is known best and a type into no carrier twice: every carrier comes to be known as the
/// search goes, and a change is believed once a carrier that matched two other types fails, or two carriers do. A group
/// that changed while each of its parts seems intact means a match by chance (1 in 4096): the parts are asked for
/// again, in all three carriers.
struct MixedStrategy: Sendable {
    private var asked: [PerCarrier<Coverage>] = []

    mutating func step(_ last: ReplyReading?, _ knowledge: PathKnowledge) -> InterrogationStep {
        let step = decide(last, knowledge)
        if case .ask(let coverage) = step { asked.append(coverage) }
        return step
    }

    /// The types that this strategy puts into two of three carriers.
    static let pairedTypes: Set<Coverage> = [.noNAT, .null]
    /// What narrows a change, likeliest first, by how often it failed in the seed's survey (table 8.4).
    static let likeliestFirst: [Coverage] = [
        .mss, .ecnIP, .experimental, .multipath, .lengths, .ecnTCP, .windowScale, .timestamp, .flags, .safe,
    ]
    /// What fills a carrier that is not needed, for it to be known by more than one type.
    private static let fillers: [Coverage] = [.null, .safe, .flags, .timestamp, .windowScale]

    private static let opener = PerCarrier<Coverage>(.nat, .noNAT, .noNAT)
    private static let groups: [Coverage] = [.onlyOptions, .noOptions]

    private func decide(_ last: ReplyReading?, _ knowledge: PathKnowledge) -> InterrogationStep {
        guard !asked.isEmpty else { return .ask(Self.opener) }
        let isWhole = Direction.allCases.allSatisfy { knowledge[$0, .noNAT] == .intact(.twoFragments) }
        if isWhole {
            if isFirstSlotKnown(knowledge) { return .finish(.known) }
            if let check = unasked(PerCarrier(.null, .nat, .null)), usable(knowledge).count >= 2 { return .ask(check) }
        }
        // Three carriers that repeat one status are a sign of life, though no proof.
        let isAlive = knowledge.isCapable || (asked.count == 1 && last?.copies == 3)
        if isWhole || !isAlive, let health = unasked(PerCarrier(all: .null)) { return .ask(health) }
        if asked.contains(PerCarrier(all: .null)), !isUsable(knowledge) { return .finish(.cannotUseHiccups) }
        if !isWhole, let mixed = mix(questions(knowledge), knowledge) { return .ask(mixed) }
        return settle(knowledge)
    }

    /// What is left where no mix of types has more to tell.
    private func settle(_ knowledge: PathKnowledge) -> InterrogationStep {
        let isEachSure = Direction.allCases.allSatisfy { way in
            Carrier.allCases.allSatisfy { knowledge.isSure(way, $0) }
        }
        if !isEachSure, let health = unasked(PerCarrier(all: .null)) { return .ask(health) }
        guard isUsable(knowledge) else { return .finish(.cannotUseHiccups) }
        if Direction.allCases.contains(where: { isOpen(knowledge[$0, .noNAT]) }),
            let again = unasked(PerCarrier(all: .noNAT))
        {
            return .ask(again)
        }
        for type in questions(knowledge) { if let again = unasked(PerCarrier(all: type)) { return .ask(again) } }
        return recheck(knowledge)
    }

    /// One fragment is not enough to end the search by.
    private func isOpen(_ verdict: PathVerdict) -> Bool { verdict.isUnknown || verdict == .intact(.oneFragment) }

    private func isFirstSlotKnown(_ knowledge: PathKnowledge) -> Bool {
        Direction.allCases.allSatisfy { direction in
            !knowledge[direction, .nat].isUnknown
                && Carrier.allCases.allSatisfy { !knowledge[direction, $0].isUnknown }
        }
    }

    /// The types of which something is open in one direction at least, likeliest to fail first.
    private func questions(_ knowledge: PathKnowledge) -> [Coverage] {
        var open: Set<Coverage> = []
        for direction in Direction.allCases {
            if knowledge[direction, .nat].isUnknown { open.insert(.nat) }
            guard knowledge[direction, .noNAT] != .intact(.twoFragments) else { continue }
            for group in Self.groups {
                if knowledge[direction, group].isUnknown, !knowledge.isSuspected(direction, group) {
                    open.insert(group)
                }
                guard knowledge[direction, group].isChanged || knowledge.isSuspected(direction, group) else { continue }
                open.formUnion(PathKnowledge.leaves(of: group).filter { knowledge[direction, $0].isUnknown })
            }
        }
        return (Self.groups + Self.likeliestFirst + [.nat]).filter(open.contains)
    }

    /// Each of `types` in a carrier that is not known to be lost and that it has not been in; the first in that which
    /// is known best. What is left over is filled.
    /// - Returns: nil where none of `types` has a place.
    private func mix(_ types: [Coverage], _ knowledge: PathKnowledge) -> PerCarrier<Coverage>? {
        // Of those that are known equally well, the ISN last: it is the one that boxes translate.
        let preferred: [Carrier] = [.ipid, .window, .isn]
        var free = usable(knowledge).sorted {
            let (one, other) = (knowledge.trust($0), knowledge.trust($1))
            return one == other
                ? (preferred.firstIndex(of: $0) ?? 0) < (preferred.firstIndex(of: $1) ?? 0) : one > other
        }
        // Groups leave a carrier for HNULL: they may both fail, and then nothing would be known of any carrier.
        if types.contains(where: Self.groups.contains), free.count == 3 { free.removeLast() }
        guard free.count >= 2 else { return nil }
        var slots: [Carrier: Coverage] = [:]
        for type in types where !free.isEmpty {
            guard let at = free.firstIndex(where: { !wasAsked(type, $0) }) else { continue }
            slots[free.remove(at: at)] = type
        }
        guard !slots.isEmpty else { return nil }
        for carrier in Carrier.allCases where slots[carrier] == nil {
            slots[carrier] = Self.fillers.first { !slots.values.contains($0) && !wasAsked($0, carrier) } ?? .null
        }
        let mixed = PerCarrier(slots[.isn] ?? .null, slots[.ipid] ?? .null, slots[.window] ?? .null)
        // Two of one type are answered by other rules.
        guard Set(slots.values).count == 3 else { return nil }
        return unasked(mixed)
    }

    private func wasAsked(_ type: Coverage, _ carrier: Carrier) -> Bool { asked.contains { $0[carrier] == type } }

    private func recheck(_ knowledge: PathKnowledge) -> InterrogationStep {
        for direction in Direction.allCases where knowledge[direction, .noNAT].isChanged {
            let unexplained = Self.groups.filter { knowledge.isUnexplained(direction, $0) }
            // That one group holds may be the chance, and the other be blamed for it.
            var parts = unexplained.isEmpty ? [] : Self.groups
            parts += unexplained.flatMap(PathKnowledge.leaves)
            if Self.groups.allSatisfy({ knowledge[direction, $0].isIntact }) { parts += Self.groups }
            for part in parts where knowledge[direction, part] == .intact(.oneFragment) {
                if let again = unasked(PerCarrier(all: part)) { return .ask(again) }
            }
        }
        return .finish(.known)
    }

    private func unasked(_ coverage: PerCarrier<Coverage>) -> PerCarrier<Coverage>? {
        asked.contains(coverage) ? nil : coverage
    }

    private func isUsable(_ knowledge: PathKnowledge) -> Bool {
        Direction.allCases.allSatisfy { knowledge.carriersIntact($0) >= 2 }
    }

    /// The carriers that are not known to be lost either way.
    private func usable(_ knowledge: PathKnowledge) -> [Carrier] {
        Carrier.allCases.filter { carrier in
            !Direction.allCases.contains { knowledge[$0, carrier].isChanged }
        }
    }
}
