import HiccupsGuard
package import L45Model

/// Holds the two ends' views of single SYNs against each other. Both come over the control channel, at different times and in
/// any order, so that each side is kept for a while. A value.
package struct PathWitness: Sendable {
    /// What the two views of one SYN say together.
    package struct Finding: Hashable, Sendable {
        package let place: PathTrust.Place
        package let check: PathTrust.Check
        /// For people; nil: the views agree.
        package let alert: String?
    }

    private struct View: Sendable {
        let exchange: PathExchange
        let syn: HandshakePacket
    }

    private struct Waiting: Sendable {
        var sent: [View] = []
        var arrived: [View] = []
    }

    /// SYNs of one path that wait for the other side's word, on each side.
    package static let waitingMax = 64
    /// The two ends' times of one SYN differ by less.
    package static let apart = Span.seconds(10)

    private var waiting: [PathTrust.Place: Waiting] = [:]

    package init() {}

    /// The paths that are guarded: nothing is kept of others.
    package mutating func keepOnly(_ places: Set<PathTrust.Place>) {
        waiting = waiting.filter { places.contains($0.key) }
    }

    /// - Parameters:
    ///   - device: who tells.
    ///   - allowed: whether it may speak of that path at that end.
    /// - Returns: what can be said of the SYNs that both sides have told of by now.
    package mutating func told(
        _ exchanges: PathExchanges, by device: DeviceID, allowed: (PathTrust.Place, _ opens: Bool) -> Bool
    ) -> [Finding] {
        var touched: Set<PathTrust.Place> = []
        for (list, opens) in [(exchanges.sent, true), (exchanges.arrived, false)] {
            for exchange in list {
                let place = PathTrust.Place(exchange.opener, exchange.path)
                guard !opens || exchange.opener == device, allowed(place, opens),
                    let syn = try? HandshakePacket(parsing: exchange.syn, checksums: .ignored)
                else { continue }
                let view = View(exchange: exchange, syn: syn)
                if opens {
                    waiting[place, default: Waiting()].sent.append(view)
                } else {
                    waiting[place, default: Waiting()].arrived.append(view)
                }
                touched.insert(place)
            }
        }
        return touched.sorted().flatMap { compare($0) }
    }

    private mutating func compare(_ place: PathTrust.Place) -> [Finding] {
        guard var both = waiting[place] else { return [] }
        var findings: [Finding] = []
        var left: [View] = []
        for sent in both.sent {
            guard let at = Self.counterpart(of: sent, in: both.arrived) else {
                left.append(sent)
                continue
            }
            findings.append(Self.finding(place, sent, both.arrived.remove(at: at)))
        }
        both.sent = Array(left.suffix(Self.waitingMax))
        both.arrived = Array(both.arrived.suffix(Self.waitingMax))
        waiting[place] = both
        return findings
    }

    /// The SYN as the far end saw it. Whatever else was changed on the way, it has the port that it left from, or its sequence
    /// number, or the salt in that: a box that changes all of these hides the SYN from the comparison, and shows in the path.
    private static func counterpart(of sent: View, in arrived: [View]) -> Int? {
        var best: (at: Int, likeness: Int)?
        for (at, view) in arrived.enumerated() {
            let distance = abs((view.exchange.at - sent.exchange.at).milliseconds)
            guard distance < apart.milliseconds else { continue }
            let (old, new) = (sent.syn.tcp, view.syn.tcp)
            let likeness =
                (old.sequence == new.sequence ? 4 : old.sequence & 0xffff == new.sequence & 0xffff ? 2 : 0)
                + (old.sourcePort == new.sourcePort ? 2 : 0)
                + (sent.syn.carriers == view.syn.carriers ? 1 : 0)
            if likeness >= 2, likeness > best?.likeness ?? 0 { best = (at, likeness) }
        }
        return best?.at
    }

    private static func finding(_ place: PathTrust.Place, _ sent: View, _ arrived: View) -> Finding {
        let isKeyed = sent.exchange.epoch != nil && arrived.exchange.epoch != nil
        let status = sent.exchange.status.map { bits in
            PerCarrier(bits & 4 != 0, bits & 2 != 0, bits & 1 != 0)
        }
        let check = ResponderView(syn: arrived.syn, isKeyed: arrived.exchange.epoch != nil)
            .check(sent: sent.syn, status: status)
        return Finding(
            place: place,
            check: PathTrust.Check(
                at: sent.exchange.at, isKeyed: isKeyed,
                differences: check.differences.map {
                    PathTrust.Difference(field: $0.field, sent: $0.sent, arrived: $0.arrived)
                }, contradictions: check.contradictions.map(\.description)), alert: check.alert)
    }
}
