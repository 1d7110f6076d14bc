/// What one fragment covers. A SYN names one of the sixteen types; a SYN-ACK, whose bits say no type, may also be
/// hashed over
/// types of ours that have no number on the wire.
package enum ReplyCoverage: Hashable, Sendable {
    case covering(Coverage)
    /// Type 16, a constant: "what you asked for did not arrive as sent". The seed's special code (5.5), for which the
    /// wire
    /// has no bits left.
    case changed
    /// Type 17: HNONAT and, behind it, the carrier as it arrived. It answers an HNAT fragment that does not match
    /// beside two
    /// HNONAT fragments that do. An initiator that finds its own carrier in it knows that the carrier was left alone,
    /// so that the
    /// addresses were changed; without it, translated addresses (three flows of four, seed table 8.5) would need a
    /// second exchange
    /// to be told from a translated ISN.
    case echo(UInt16)
    /// Types 32 and up, in SYNs only: one of the sixteen, in a SYN that names different types on purpose. Without the
    /// mark, an
    /// overwritten carrier of a SYN of one type, which matches another type once in 4096 times, could not be told from
    /// one that is
    /// meant to name it; an IPID that a middlebox sets to 0 names HNONAT every time.
    case marked(Coverage)
    /// Types 48 and up, in SYNs only: one of the sixteen, in a SYN that names three. It asks that each carrier be
    /// answered under the type that it names, whatever matches, so that one exchange tests both ways.
    case named(Coverage)

    var number: UInt8 {
        switch self {
        case .covering(let coverage): coverage.rawValue
        case .changed: 16
        case .echo: 17
        case .marked(let coverage): 32 + coverage.rawValue
        case .named(let coverage): 48 + coverage.rawValue
        }
    }

    /// What a SYN of these types is hashed over in the carrier that names `type`.
    static func sealed(_ type: Coverage, in types: PerCarrier<Coverage>) -> ReplyCoverage {
        types.isUniform ? .covering(type) : types.isDistinct ? .named(type) : .marked(type)
    }
}

/// What the responder hashes its three fragments over, given the types that arrived and which fragments matched.
///
/// 1. A fragment that matches is answered under its own type.
/// 2. Where two of one type match, the third is answered under that type too (seed 5.5: the type that matched), or by
///    ``ReplyCoverage/echo(_:)`` where one was asked for.
/// 3. In a SYN of three types, known by one fragment that matches, the rest is answered under the type that it names:
///    the way back is tested for what failed on the way out. In one of two types the rest is answered as
///    ``ReplyCoverage/changed``.
/// 4. Where none matches, or one of three of the same type, all are answered under the type that two carriers name (the
///    majority rule), else as ``ReplyCoverage/changed``.
///
/// For the seed's SYNs, three times the same type, this is the seed's rule. The other arms serve SYNs of mixed types.
enum ReplyRule {
    static func coverage(
        named: PerCarrier<Coverage>, arrived: PerCarrier<UInt16>, matches: PerCarrier<Bool>, wants: SynReading.Answer
    ) -> PerCarrier<ReplyCoverage> {
        guard !isByMajority(named: named, matches: matches) else {
            return PerCarrier(all: named.majority.map { .covering($0) } ?? .changed)
        }
        if wants == .byName { return named.map { .covering($0) } }
        let dominant = dominant(named: named, matches: matches)
        var answer = PerCarrier(all: ReplyCoverage.changed)
        for carrier in Carrier.allCases {
            if matches[carrier] {
                answer[carrier] = .covering(named[carrier])
            } else if let dominant {
                let echoed = wants == .echo && dominant == .noNAT && named[carrier] == .nat
                answer[carrier] = echoed ? .echo(arrived[carrier]) : .covering(dominant)
            }
        }
        return answer
    }

    /// Rule 4. The initiator cannot be sure of it: the nibbles may have been overwritten.
    static func isByMajority(named: PerCarrier<Coverage>, matches: PerCarrier<Bool>) -> Bool {
        let matched = matches.count { $0 }
        return matched == 0 || matched == 1 && named.isUniform
    }

    /// The type that two matching fragments share.
    static func dominant(named: PerCarrier<Coverage>, matches: PerCarrier<Bool>) -> Coverage? {
        if matches.isn, matches.ipid, named.isn == named.ipid { return named.isn }
        if matches.isn, matches.window, named.isn == named.window { return named.isn }
        if matches.ipid, matches.window, named.ipid == named.window { return named.ipid }
        return nil
    }
}
