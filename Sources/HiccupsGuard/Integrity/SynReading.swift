/// What a responder reads from a SYN: which fragments match, and so what became of the packet (seed table 5.1).
package struct SynReading: Hashable, Sendable {
    /// The carriers as they arrived, masks of AppSalt taken off.
    package let arrived: PerCarrier<UInt16>
    package let matches: PerCarrier<Bool>
    /// How the SYN asks to be answered.
    package var wants = Answer.byMatch

    /// What becomes of a fragment that does not match; see ``ReplyRule``.
    package enum Answer: Hashable, Sendable {
        case byMatch
        /// An HNAT fragment that does not match is answered by an echo of its carrier.
        case echo
        /// Each carrier is answered under the type that it names.
        case byName

        /// For a SYN that left with `types`: an echo for one HNAT beside two HNONAT.
        init(_ types: PerCarrier<Coverage>) {
            let isOpener = types.count { $0 == .nat } == 1 && types.count { $0 == .noNAT } == 2
            self = isOpener ? .echo : types.isDistinct ? .byName : .byMatch
        }
    }

    package enum Verdict: Hashable, Sendable {
        /// Two or three fragments of one type match: what it covers is as it was sent. `overwritten` is the one carrier
        /// whose
        /// fragment does not match, where it names the type or none else was asked for.
        case intact(Coverage, overwritten: Carrier?)
        /// A SYN of mixed types of which at least two match: each match vouches for its own type, by 12 bits.
        case mixed
        /// Covered fields or two carriers were changed, or the sender takes no part; one packet cannot tell.
        case changedOrIncapable
    }

    /// The types that the carriers name.
    package var named: PerCarrier<Coverage> { arrived.map(Self.coverage) }

    package var verdict: Verdict {
        if let dominant = ReplyRule.dominant(named: named, matches: matches) {
            return .intact(dominant, overwritten: Carrier.allCases.first { !matches[$0] })
        }
        return matches.count { $0 } >= 2 ? .mixed : .changedOrIncapable
    }

    /// What the three fragments of the answer cover.
    package var replyCoverage: PerCarrier<ReplyCoverage> {
        ReplyRule.coverage(named: named, arrived: arrived, matches: matches, wants: wants)
    }

    static func coverage(_ carrier: UInt16) -> Coverage { Coverage(rawValue: UInt8(carrier >> 12)) ?? .null }
}

extension HandshakePacket {
    /// Writes `A_n = type | f_n` into the carriers of this SYN. Everything that is covered must be in place already.
    ///
    /// - Parameters:
    ///   - coverage: the seed asks for the same type in all three; three types test three things at once, by 12 bits
    ///     each.
    ///   - salt: 16 random bits, new for every connection.
    package mutating func sealSYN(_ coverage: PerCarrier<Coverage>, salt: UInt16, by functions: FragmentFunctions) {
        let masks = functions.nibbleMasks
        var sealed = PerCarrier<UInt16>(all: 0)
        var known: (Coverage, PerCarrier<UInt16>)?
        for carrier in Carrier.allCases {
            let type = coverage[carrier]
            let fragments: PerCarrier<UInt16>
            if let known, known.0 == type {
                fragments = known.1
            } else {
                fragments = functions.fragments(
                    of: FragmentInput(self, .forward, .sealed(type, in: coverage)))
                known = (type, fragments)
            }
            sealed[carrier] = (UInt16(type.rawValue) << 12 ^ masks[carrier]) | fragments[carrier]
        }
        setCarriers(sealed, salt: salt)
    }

    /// Checks this SYN's fragments. A fragment counts only for the type in its own nibble: that makes a false accept,
    /// two matches of
    /// one type by chance, 3 in 2^28 random SYNs, not 1 in 2^24; mixed SYNs, which are marked, add as many again.
    package func readSYN(by functions: FragmentFunctions) -> SynReading {
        let masks = functions.nibbleMasks
        let found = carriers
        let arrived = PerCarrier(found.isn ^ masks.isn, found.ipid ^ masks.ipid, found.window ^ masks.window)
        let named = arrived.map(SynReading.coverage)
        if named.isUniform {
            let plain = matching(arrived, .forward, .covering(named.isn), functions)
            guard plain.count({ $0 }) < 2, MixedStrategy.pairedTypes.contains(named.isn) else {
                return SynReading(arrived: arrived, matches: plain)
            }
            // The odd carrier of a mixed SYN may have been overwritten so that it names what the pair does.
            let marked = matching(arrived, .forward, .marked(named.isn), functions)
            return SynReading(arrived: arrived, matches: marked.count { $0 } == 2 ? marked : plain)
        }
        var plain = matching(arrived, named, functions) { .covering($0) }
        if let dominant = ReplyRule.dominant(named: named, matches: plain) {
            // A SYN of one type, one carrier of which names another: overwritten, even where it matches that.
            for carrier in Carrier.allCases where named[carrier] != dominant { plain[carrier] = false }
            return SynReading(arrived: arrived, matches: plain)
        }
        let marked = matching(arrived, named, functions) { .marked($0) }
        let byName = matching(arrived, named, functions) { .named($0) }
        let counts = (marked: marked.count { $0 }, byName: byName.count { $0 })
        // One match means something in a SYN of mixed types; in one of a single type, of which two carriers are lost,
        // it does not.
        guard max(counts.marked, counts.byName) > 0 else { return SynReading(arrived: arrived, matches: plain) }
        // Both only by chance: then what the types look like decides.
        let isByName = named.isDistinct ? counts.byName >= counts.marked : counts.byName > counts.marked
        if isByName { return SynReading(arrived: arrived, matches: byName, wants: .byName) }
        let answer = SynReading.Answer(named)
        return SynReading(arrived: arrived, matches: marked, wants: answer == .echo ? .echo : .byMatch)
    }

    /// Each carrier by the type that it names.
    private func matching(
        _ arrived: PerCarrier<UInt16>, _ named: PerCarrier<Coverage>, _ functions: FragmentFunctions,
        _ covered: (Coverage) -> ReplyCoverage
    ) -> PerCarrier<Bool> {
        var matches = PerCarrier(all: false)
        var done: [Coverage] = []
        for carrier in Carrier.allCases where !done.contains(named[carrier]) {
            let type = named[carrier]
            done.append(type)
            let found = matching(arrived, .forward, covered(type), functions) { named[$0] == type }
            for other in Carrier.allCases where named[other] == type { matches[other] = found[other] }
        }
        return matches
    }

    /// Compares the low 12 bits of `arrived` with the fragments as they should be. Where CE arrived and is covered,
    /// each codepoint that
    /// may have been sent is tried, and that which most of the `relevant` carriers agree on counts: routers may set CE.
    func matching(
        _ arrived: PerCarrier<UInt16>, _ direction: Direction, _ covered: ReplyCoverage,
        _ functions: FragmentFunctions, status: UInt8? = nil, relevant: (Carrier) -> Bool = { _ in true }
    ) -> PerCarrier<Bool> {
        func compare(_ ecn: ECNCodepoint) -> PerCarrier<Bool> {
            let expected = functions.fragments(of: FragmentInput(self, direction, covered, ecn: ecn), status: status)
            return PerCarrier(
                arrived.isn & 0xfff == expected.isn, arrived.ipid & 0xfff == expected.ipid,
                arrived.window & 0xfff == expected.window)
        }
        let own = compare(ip.ecn)
        guard ip.ecn == .ce, covered.coversECN else { return own }
        func agreement(_ matches: PerCarrier<Bool>) -> Int { Carrier.allCases.count { relevant($0) && matches[$0] } }
        var best = own
        for sent in [ECNCodepoint.ect0, .ect1] {
            let other = compare(sent)
            if agreement(other) > agreement(best) { best = other }
        }
        return best
    }
}

extension ReplyCoverage {
    var coversECN: Bool {
        switch self {
        case .covering(let coverage), .marked(let coverage), .named(let coverage): coverage.fields.contains(.ecnIP)
        case .changed: false
        case .echo: true
        }
    }
}
