/// What an initiator reads from a SYN-ACK: how its SYN arrived, by the status bits, and how the SYN-ACK itself did
/// (seed
/// table 5.2). It draws no conclusion; that takes more than one exchange.
package struct ReplyReading: Hashable, Sendable {
    /// The types that the SYN named.
    package let sent: PerCarrier<Coverage>
    /// Per carrier, whether the responder found its fragment right; nil where no status can be read.
    package let status: PerCarrier<Bool>?
    /// How many carriers of the SYN-ACK hold that status and a fragment that matches. Two or more are proof that the
    /// far end takes part.
    package let evidence: Int
    /// How many carriers repeat the status.
    package let copies: Int
    /// What the responder must have hashed, given the status.
    package let replied: PerCarrier<ReplyCoverage>
    /// Per carrier, whether the SYN-ACK's status and fragment match that.
    package let matches: PerCarrier<Bool>
    /// The functions protect the status bits: without evidence they say nothing.
    package let statusIsProtected: Bool

    /// Both two-of-three rules hold for one type in all three carriers.
    ///
    /// The status bits alone would call one random SYN-ACK of eight a pass, so they count only with `evidence`, or,
    /// `capable`, where the far
    /// end has proven in an earlier exchange that it takes part.
    package func forwardIntact(capable: Bool) -> Bool? {
        guard let status = readableStatus(capable: capable) else { return nil }
        return ReplyRule.dominant(named: sent, matches: status) != nil
    }

    /// - Returns: nil where the responder answered under another type than was asked for.
    package func reverseIntact(_ coverage: Coverage) -> Bool? {
        let asked = Carrier.allCases.filter { replied[$0] == .covering(coverage) }
        guard asked.count >= 2 else { return nil }
        if asked.count(where: { matches[$0] }) >= 2 { return true }
        // One match of three on the way out is chance, most likely, and the answer may have been chosen by it.
        return status?.count { $0 } == 1 ? nil : false
    }

    /// Two matching fragments outweigh everything. One alone may be chance, in a carrier that was overwritten, and must
    /// not outweigh
    /// three copies of another status.
    fileprivate var rank: (Int, Int, Int) { (evidence >= 2 ? evidence : 0, copies, evidence) }

    /// Where the answer fits with the echo and without it, one of them by chance, the echo proves nothing.
    fileprivate var withoutEcho: ReplyReading {
        var doubtful = matches
        for carrier in Carrier.allCases {
            if case .echo = replied[carrier] { doubtful[carrier] = false }
        }
        return ReplyReading(
            sent: sent, status: status, evidence: doubtful.count { $0 }, copies: copies, replied: replied,
            matches: doubtful, statusIsProtected: statusIsProtected)
    }

    /// Nothing is to be learned from this answer.
    fileprivate var withoutStatus: ReplyReading {
        ReplyReading(
            sent: sent, status: nil, evidence: 0, copies: copies, replied: PerCarrier(all: .changed),
            matches: PerCarrier(all: false), statusIsProtected: statusIsProtected)
    }

    /// The status where it may be believed.
    package func readableStatus(capable: Bool) -> PerCarrier<Bool>? {
        if evidence >= 2 { return status }
        guard capable else { return nil }
        return statusIsProtected ? (evidence >= 1 ? status : nil) : (copies >= 2 ? status : nil)
    }
}

extension HandshakePacket {
    /// The upper nibble of a SYN-ACK's carriers. The top bit keeps the window at 32768 or more.
    static func statusNibble(_ matches: PerCarrier<Bool>) -> UInt8 {
        8 | (matches.isn ? 4 : 0) | (matches.ipid ? 2 : 0) | (matches.window ? 1 : 0)
    }

    /// Writes `B_n = 1 | isnOK | ipidOK | windowOK | f_n` into the carriers of this SYN-ACK, the answer to `syn`.
    package mutating func sealSYNACK(answering syn: SynReading, salt: UInt16, by functions: FragmentFunctions) {
        let status = Self.statusNibble(syn.matches)
        let covered = syn.replyCoverage
        var sealed = PerCarrier(all: UInt16(status) << 12)
        var known: (ReplyCoverage, PerCarrier<UInt16>)?
        for carrier in Carrier.allCases {
            let fragments: PerCarrier<UInt16>
            if let known, known.0 == covered[carrier] {
                fragments = known.1
            } else {
                fragments = functions.fragments(
                    of: FragmentInput(self, .reverse, covered[carrier]), status: status)
                known = (covered[carrier], fragments)
            }
            sealed[carrier] |= fragments[carrier]
        }
        setCarriers(sealed, salt: salt)
    }

    /// Checks this SYN-ACK, the answer to a SYN that left with the carriers `sent`.
    ///
    /// The status says what the responder hashed. It is repeated in each carrier, any of which may have been
    /// overwritten: each
    /// reading is tried, and the one with the most matching fragments counts, then the one with the most copies.
    package func readSYNACK(answering sent: PerCarrier<UInt16>, by functions: FragmentFunctions) -> ReplyReading {
        let arrived = carriers
        let nibbles = arrived.map { UInt8($0 >> 12) }
        let named = sent.map(SynReading.coverage)
        var best: ReplyReading?
        var tried: [UInt8] = []
        for carrier in Carrier.allCases where nibbles[carrier] & 8 != 0 && !tried.contains(nibbles[carrier]) {
            let nibble = nibbles[carrier]
            tried.append(nibble)
            let status = PerCarrier(nibble & 4 != 0, nibble & 2 != 0, nibble & 1 != 0)
            for replied in Self.hypotheses(named: named, sent: sent, status: status) {
                // A carrier that repeats another status was overwritten, whatever its fragment says.
                var matches = matching(arrived, replied, functions, nibble)
                for carrier in Carrier.allCases where nibbles[carrier] != nibble { matches[carrier] = false }
                let reading = ReplyReading(
                    sent: named, status: status, evidence: matches.count { $0 },
                    copies: nibbles.count { $0 == nibble }, replied: replied, matches: matches,
                    statusIsProtected: functions.protectsStatus)
                guard let former = best else {
                    best = reading
                    continue
                }
                if reading.rank > former.rank {
                    best = reading
                } else if reading.rank == former.rank, reading.status == former.status {
                    best = former.withoutEcho
                }
            }
            if let mistaken = Self.mistaken(named, status), let former = best, former.status == status,
                nibbles.count({ $0 == nibble }) == former.copies
            {
                var matches = matching(arrived, mistaken, functions, nibble)
                for carrier in Carrier.allCases where nibbles[carrier] != nibble { matches[carrier] = false }
                if matches.count({ $0 }) > former.evidence { best = former.withoutStatus }
            }
        }
        return best
            ?? ReplyReading(
                sent: named, status: nil, evidence: 0, copies: 0, replied: PerCarrier(all: .changed),
                matches: PerCarrier(all: false), statusIsProtected: functions.protectsStatus)
    }

    /// What the responder may have hashed. The first is what it did if the types arrived as sent; the second, if those
    /// of the fragments
    /// that did not match were overwritten.
    private static func hypotheses(
        named: PerCarrier<Coverage>, sent: PerCarrier<UInt16>, status: PerCarrier<Bool>
    ) -> [PerCarrier<ReplyCoverage>] {
        let first = ReplyRule.coverage(
            named: named, arrived: sent, matches: status, wants: SynReading.Answer(named))
        if ReplyRule.isByMajority(named: named, matches: status) {
            var other = PerCarrier(all: ReplyCoverage.changed)
            for carrier in Carrier.allCases where status[carrier] { other[carrier] = .covering(named[carrier]) }
            return first == other ? [first] : [first, other]
        }
        // An overwritten HNAT beside two HNONAT no longer reads HNAT, and is answered under HNONAT.
        let second = first.map { covered in
            if case .echo = covered { ReplyCoverage.covering(.noNAT) } else { covered }
        }
        return first == second ? [first] : [first, second]
    }

    /// What the responder hashed if it took a SYN of mixed types for one of the other kind, by one fragment that matched
    /// by chance; nil where it can not have.
    private static func mistaken(
        _ named: PerCarrier<Coverage>, _ status: PerCarrier<Bool>
    ) -> PerCarrier<ReplyCoverage>? {
        guard !named.isUniform, status.count({ $0 }) == 1 else { return nil }
        guard SynReading.Answer(named) == .byName else { return named.map { .covering($0) } }
        var other = PerCarrier(all: ReplyCoverage.changed)
        for carrier in Carrier.allCases where status[carrier] { other[carrier] = .covering(named[carrier]) }
        return other
    }

    private func matching(
        _ arrived: PerCarrier<UInt16>, _ replied: PerCarrier<ReplyCoverage>, _ functions: FragmentFunctions,
        _ status: UInt8
    ) -> PerCarrier<Bool> {
        if replied.isUniform { return matching(arrived, .reverse, replied.isn, functions, status: status) }
        var matches = PerCarrier(all: false)
        var done: [ReplyCoverage] = []
        for carrier in Carrier.allCases where !done.contains(replied[carrier]) {
            let covered = replied[carrier]
            done.append(covered)
            let found = matching(arrived, .reverse, covered, functions, status: status) { replied[$0] == covered }
            for other in Carrier.allCases where replied[other] == covered { matches[other] = found[other] }
        }
        return matches
    }
}
