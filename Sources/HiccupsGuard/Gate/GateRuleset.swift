package import L45Model

/// The text that puts gates in force: one table of ours, replaced whole in one transaction.
///
/// Generated from state and never from `nft list`, whose version 1.0.6 prints some of these rules so that it can not read
/// them again. Each extension has its own sets, whose elements end by themselves. What a run before this one left behind
/// is replaced by the same transaction.
package enum GateRuleset {
    /// The one table that is ours, family `inet`.
    package static let table = "l45_guard"

    /// Creates the table if need be, and removes it with all that is in it.
    package static let removal = "table inet \(table)\ndelete table inet \(table)\n"

    /// - Parameters:
    ///   - gates: those that have expired by `now` are left out.
    ///   - now: the time from which the sets' timeouts count.
    /// - Returns: input for `nft -f -`; ``removal`` alone where no gate is left, so that no trace stays.
    package static func text(_ gates: [HeldGate], now: Timestamp) -> String {
        let groups = Dictionary(grouping: gates.filter { $0.expiresAt > now }) {
            Group(gate: $0.gate, isIPv4: $0.destination.isIPv4, local: $0.local)
        }
        guard !groups.isEmpty else { return removal }
        var sets: [String] = []
        var out: [String] = []
        var into: [String] = []
        for (group, held) in groups.sorted(by: { $0.key < $1.key }) {
            sets.append(group.set(disjoint(held), now: now))
            out += group.rules(.out)
            into += group.rules(.into)
        }
        func chain(_ name: String, _ hook: String, _ rules: [String]) -> String {
            let head = "\t\ttype filter hook \(hook) priority mangle; policy accept;\n"
            return "\tchain \(name) {\n\(head)" + rules.map { "\t\t\($0)\n" }.joined() + "\t}\n"
        }
        return removal + "table inet \(table) {\n" + sets.joined() + chain("out", "output", out)
            + chain("in", "input", into) + "}\n"
    }

    /// A set refuses intervals that overlap: a block within another goes, and the wider one lasts as long as either.
    static func disjoint(_ gates: [HeldGate]) -> [(block: AddressBlock, expiresAt: Timestamp)] {
        // The wider first where two begin alike, so that a block within another stands behind it, with only blocks within
        // that one between them.
        let sorted = gates.sorted {
            $0.destination.bytes == $1.destination.bytes
                ? $0.destination.prefixBits < $1.destination.prefixBits
                : $0.destination.bytes.lexicographicallyPrecedes($1.destination.bytes)
        }
        var kept: [(block: AddressBlock, expiresAt: Timestamp)] = []
        for gate in sorted {
            if let last = kept.indices.last, kept[last].block.contains(gate.destination) {
                kept[last].expiresAt = max(kept[last].expiresAt, gate.expiresAt)
            } else {
                kept.append((gate.destination, gate.expiresAt))
            }
        }
        return kept
    }

    private enum Chain { case out, into }

    /// Gates that share a set.
    private struct Group: Hashable, Comparable {
        var gate: PathGate
        var isIPv4: Bool
        /// A set of pairs of blocks would not do: the kernel refuses those that cross.
        var local: AddressBlock?

        static func < (left: Group, right: Group) -> Bool {
            guard left.gate == right.gate else { return left.gate < right.gate }
            guard left.isIPv4 == right.isIPv4 else { return left.isIPv4 }
            return left.name < right.name
        }

        /// `opening_window_scaling4`, `accepting_mss_1220_6`, `accepting_sack4_at_192_0_2_2`.
        var name: String {
            let subject = gate.subject.rawValue.map { $0 == "-" ? "_" : $0 }
            let size = gate.mssBytes.map { "_\($0)_" } ?? ""
            // Letters that no address has stand for what a name can not have.
            let place = local.map { "_at_" + "\($0)".map { ["/": "p", ":": "x", ".": "_"][$0] ?? "\($0)" }.joined() }
            return "\(gate.end.rawValue)_\(String(subject))\(size)\(isIPv4 ? 4 : 6)\(place ?? "")"
        }

        func set(_ elements: [(block: AddressBlock, expiresAt: Timestamp)], now: Timestamp) -> String {
            let list = elements.map { "\($0.block) timeout \(($0.expiresAt - now).milliseconds)ms" }
            return "\tset \(name) {\n\t\ttype \(isIPv4 ? "ipv4_addr" : "ipv6_addr"); flags interval, timeout;\n"
                + "\t\telements = { \(list.joined(separator: ", ")) }\n\t}\n"
        }

        /// Both packets of the handshake: neither end may take the extension from what reaches it, nor offer it in what
        /// leaves it. The kernel of this end would have it on, by its own offer, were it only the SYN.
        func rules(_ chain: Chain) -> [String] {
            let family = isIPv4 ? "ip" : "ip6"
            var peer = chain == .out ? "\(family) daddr @\(name)" : "\(family) saddr @\(name)"
            if let local { peer += chain == .out ? " \(family) saddr \(local)" : " \(family) daddr \(local)" }
            // The SYN leaves the end that opens and reaches the one that accepts.
            let isSYN = (chain == .out) == (gate.end == .opening)
            let packet = "tcp flags & (syn | ack) == \(isSYN ? "syn" : "(syn | ack)")"
            switch gate.subject {
            case .ecn:
                // 0xc2 is SYN, ECE, CWR; 0x52 SYN, ACK, ECE (RFC 3168, 6.1.1).
                let (asking, plain) = isSYN ? ("0xc2", "syn") : ("0x52", "syn | ack")
                return ["tcp flags == \(asking) \(peer) tcp flags set \(plain)"]
            case .windowScaling: return ["\(packet) \(peer) reset tcp option window"]
            case .timestamps: return ["\(packet) \(peer) reset tcp option timestamp"]
            case .sack: return ["\(packet) \(peer) reset tcp option sack-perm"]
            case .mss: return ["\(packet) \(peer) tcp option maxseg size set \(gate.mssBytes ?? 536)"]
            case .mptcp: return ["\(packet) \(peer) reset tcp option mptcp"]
            // Without the experimental kind (RFC 7413, 4.1.1) some stacks go on with it.
            case .tfo: return ["\(packet) \(peer) reset tcp option fastopen reset tcp option 254"]
            }
        }
    }
}
