/// One fragment that was checked: in which direction and carrier, over what, and whether it matched.
struct Observation: Hashable, Sendable {
    let direction: Direction
    let carrier: Carrier
    /// ``Coverage/null`` also stands for type 16: both cover no field, so that a mismatch speaks of the carrier alone.
    let coverage: Coverage
    let matched: Bool
    /// What must be known of the way out before a mismatch on the way back counts.
    var condition = Condition.none

    enum Condition: Hashable, Sendable {
        case none
        /// This carrier arrives: the responder answered it under the type in its nibble.
        case sameCarrier
        /// Two carriers arrive: the responder answered under the type that most nibbles name.
        case twoCarriers
    }
}

extension ReplyReading {
    /// What this exchange shows, fragment by fragment.
    ///
    /// - Parameter capable: whether the far end is known to take part.
    func observations(capable: Bool) -> [Observation] {
        guard let status = readableStatus(capable: capable) else {
            // Protected status bits that nothing vouches for. A SYN of one type is answered under it, whatever they
            // are.
            guard capable, statusIsProtected, sent.isUniform else { return [] }
            return Carrier.allCases.map {
                Observation(
                    direction: .reverse, carrier: $0, coverage: sent.isn, matched: false, condition: .twoCarriers)
            }
        }
        // The responder may have answered under another type than it would have, had the nibbles arrived.
        let unsure = ReplyRule.isByMajority(named: sent, matches: status)
        let isByName = isAnsweredByName
        var found: [Observation] = []
        for carrier in Carrier.allCases {
            found.append(
                Observation(
                    direction: .forward, carrier: carrier, coverage: sent[carrier], matched: status[carrier]))
            let matched = matches[carrier]
            switch replied[carrier] {
            case .covering(let coverage):
                found.append(
                    Observation(
                        direction: .reverse, carrier: carrier, coverage: coverage, matched: matched,
                        condition: status[carrier] || isByName || status.count { $0 } == 1
                            ? .sameCarrier : unsure ? .twoCarriers : .none))
            case .changed:
                if unsure, !matched { continue }
                found.append(
                    Observation(direction: .reverse, carrier: carrier, coverage: .null, matched: matched))
            case .marked, .named: continue
            case .echo:
                // A mismatch may be a carrier overwritten on either way; a match is two facts.
                guard matched else { continue }
                found.append(
                    Observation(direction: .reverse, carrier: carrier, coverage: .noNAT, matched: true))
                found.append(Observation(direction: .forward, carrier: carrier, coverage: .null, matched: true))
            }
        }
        // Of a SYN of mixed types, what the responder hashed is a conclusion from its status. Two fragments must bear
        // it out before one that fails counts, or two copies of the status where each carrier is answered by its name.
        guard sent.isUniform || evidence >= 2 || isByName && copies >= 2 else {
            return found.filter { $0.matched || $0.direction == .forward }
        }
        return found
    }

    /// Each carrier was answered under the type that it names: no more than that must have arrived.
    private var isAnsweredByName: Bool {
        SynReading.Answer(sent) == .byName && Carrier.allCases.allSatisfy { replied[$0] == .covering(sent[$0]) }
    }
}
