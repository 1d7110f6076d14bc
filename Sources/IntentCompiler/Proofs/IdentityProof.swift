import CL45Core
import L45Model

/// Nothing of one dialect is taken for another's where both may be read from one socket.
///
/// A tag begins with 32 bits of identification, derived from secret, edition and direction, and goes on with 64 of an
/// authenticator. Where two dialects put their tags at the same place, and their identifications differ, no message of
/// one is ever taken for the other's: the plan's own keys are compared. Else what stands at the other's place are bytes
/// of a program or of an authenticator, and 96 of their bits would have to fit by chance.
enum IdentityProof {
    /// One edition of one flow.
    struct Edition {
        let flow: FlowName
        let epoch: Epoch
        let dialect: Dialect
        fileprivate let identifications: Set<UInt32>

        init(flow: FlowName, epoch: Epoch, dialect: Dialect, codec: ProofCodec, directions: [l45_direction]) {
            self.flow = flow
            self.epoch = epoch
            self.dialect = dialect
            var all = Set(directions.map { codec.identification($0) })
            if case .stream = dialect { all.formUnion(directions.map { codec.leaveIdentification($0) }) }
            identifications = all
        }
    }

    enum Finding: Hashable, Comparable {
        /// The identifications differ, and stand at one place.
        case never
        /// 96 bits have to fit.
        case byChance
        /// The identifications are the same: 64 bits tell the two apart.
        case byAuthenticator
    }

    /// The worst that holds of two editions; nil: they are of different kinds, and neither is looked for in the other.
    static func finding(_ a: Edition, _ b: Edition) -> Finding? {
        guard let isOnePlace = stand(a.dialect, b.dialect) else { return nil }
        guard isOnePlace else { return .byChance }
        return a.identifications.isDisjoint(with: b.identifications) ? .never : .byAuthenticator
    }

    /// Whether both read their identification from the same bytes of every message; nil: never of one message.
    private static func stand(_ a: Dialect, _ b: Dialect) -> Bool? {
        switch (a, b) {
        case (.datagram(let first), .datagram(let second)):
            switch (first.place, second.place) {
            case (.front, .front): return true
            // In a short message the place depends on the length of the tag.
            case (.end, .end), (.offset, .offset):
                return first.place == second.place && first.tagBytes == second.tagBytes
            default: return false
            }
        // The opening and each frame boundary ask all codecs of the socket at once.
        case (.stream, .stream): return true
        default: return nil
        }
    }

    // MARK: words

    static func editions(_ flow: ProofFlow, _ all: [Edition]) -> PlanProof {
        let worst = pairs(all).compactMap { finding($0, $1) }.max()
        let names = enumeration(all.map { "\($0.epoch)" })
        let compared = "editions \(names) may share a socket in a rotation"
        return proof("\(flow.name)", worst, compared)
    }

    static func flows(_ pair: SharedSockets.Pair, _ first: [Edition], _ second: [Edition]) -> PlanProof? {
        let found = findings(first, second)
        guard let worst = found.max() else { return nil }
        let compared = "both may be read from one socket; \(counted(found.count, "pair")) of editions"
        return proof("\(pair.first) and \(pair.second)", worst, compared)
    }

    /// What is not known of the pairs that are too many to be compared.
    static func beyond(_ count: Int, most: Int) -> PlanProof {
        PlanProof(
            .identity, "the other flows", .warned,
            "\(count - most) more pairs of flows may be read from one socket than the \(most) that are compared: it is not "
                + "known that their identifications differ, and the authenticator stands for all but 1 in 2^64 a message"
        )
    }

    private static func findings(_ first: [Edition], _ second: [Edition]) -> [Finding] {
        first.flatMap { one in second.compactMap { finding(one, $0) } }
    }

    /// The flows of a posture with all that may be read from one socket with them, whichever level has which: what rests is
    /// installed, and decodes.
    /// - Parameters:
    ///   - pairs: with the flows of its intents.
    ///   - most: so many pairs are compared, in their order; of more it is said what is not known of them.
    static func posture(
        _ posture: Posture, _ pairs: [SharedSockets.Pair], most: Int, _ editions: [FlowName: [Edition]]
    ) -> PlanProof {
        var worst: [Finding: Int] = [:]
        var compared = 0
        for pair in pairs.prefix(most) {
            let found = findings(editions[pair.first] ?? [], editions[pair.second] ?? [])
            compared += found.count
            // Of two kinds, of which neither is looked for in the other.
            worst[found.max() ?? .never, default: 0] += 1
        }
        let subject = "posture \(posture.name)"
        let across = "across its \(counted(posture.levels.count, "level"))"
        guard !pairs.isEmpty else {
            return PlanProof(
                .identity, subject, .proved, "no two flows may be read from one socket \(across)")
        }
        var said =
            "\(counted(pairs.count, "pair")) of flows may be read from one socket \(across), "
            + "\(counted(compared, "pair")) of editions"
        let ways = [
            (Finding.never, "told apart by their identifications"), (.byChance, "but for 1 in 2^96 a message"),
            (.byAuthenticator, "by the authenticator alone, but for 1 in 2^64 a message"),
        ].compactMap { finding, words in worst[finding].map { "\($0) \(words)" } }
        said += ": \(ways.joined(separator: ", "))"
        guard pairs.count <= most else {
            return PlanProof(
                .identity, subject, .warned,
                "\(said); \(pairs.count - most) more than the \(most) that are compared: of those it is not known that "
                    + "their identifications differ, and the authenticator stands for all but 1 in 2^64 a message")
        }
        return PlanProof(.identity, subject, worst.keys.allSatisfy { $0 == .never } ? .proved : .odds, said)
    }

    private static func proof(_ subject: String, _ finding: Finding?, _ compared: String) -> PlanProof {
        switch finding {
        case nil, .never?:
            PlanProof(
                .identity, subject, .proved,
                "\(compared): the identifications differ, so no message of one is taken for another's")
        case .byChance?:
            PlanProof(
                .identity, subject, .odds,
                "\(compared): their tags stand at different places, so 96 bits would have to fit by chance, 1 in 2^96 a message"
            )
        case .byAuthenticator?:
            PlanProof(
                .identity, subject, .odds,
                "\(compared): two have the same 32 bits of identification, and the authenticator tells them apart but for 1 in"
                    + " 2^64 a message; one rotation more gives others")
        }
    }

    /// Programs that speak plainly on the same sockets.
    static func plain(_ flow: ProofFlow) -> PlanProof? {
        guard !flow.wireDirections.isEmpty else { return nil }
        let label =
            switch flow.dialect {
            case .monitor: 0
            case .datagram(let tag): tag.label.utf8.count
            case .stream(let tag): tag.label.utf8.count
            }
        let bits = 96 + 8 * label
        let what = label > 0 ? "identification, authenticator and label" : "identification and authenticator"
        let plain = flow.dropsUntagged ? "plain messages are dropped" : "plain traffic may share the socket"
        return PlanProof(
            .identity, "\(flow.name)", .odds,
            "\(plain): one is taken for the dialect's with odds of 1 in 2^\(bits) (\(what))")
    }

    private static func pairs(_ all: [Edition]) -> [(Edition, Edition)] {
        all.indices.flatMap { at in all[(at + 1)...].map { (all[at], $0) } }
    }
}
