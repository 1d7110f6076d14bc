internal import L45Model

/// The connections that pass a box, and what it does to their packets: frames in, frames out, no I/O.
package struct BoxConnections: Sendable {
    package enum Verdict: Sendable {
        case pass([UInt8])
        /// Back to where it came from.
        case answer([UInt8])
        case drop
    }

    /// A handshake packet on both sides of the box.
    package struct Passage: Sendable {
        package let direction: Direction
        package let before: HandshakePacket
        package let after: HandshakePacket
    }

    private struct Ends: Hashable {
        var opener: HostAddress
        var openerPort: UInt16
        var accepter: HostAddress
        var accepterPort: UInt16
    }

    private struct Connection {
        var rule: BoxRule
        var opening: Direction
        var syn: HandshakePacket
        var openerLink: ArraySlice<UInt8>
        var translation: Middlebox.AddressTranslation?
        /// What was added to the sequence numbers of each side.
        var openerOffset: UInt32 = 0
        var accepterOffset: UInt32 = 0

        /// Whether packets behind the handshake concern it.
        var isLasting: Bool {
            translation != nil || openerOffset != 0 || accepterOffset != 0
                || (rule.faultsForward.union(rule.faultsReverse)).contains(where: \.isLasting)
        }
    }

    /// More connections than these are not kept: the oldest is forgotten first.
    package static let connectionsMax = 65_536
    /// The link address that answers for translated addresses; locally administered.
    static let link: [UInt8] = [0x02, 0x4c, 0x34, 0x35, 0x00, 0x01]
    private static let portsTranslated: ClosedRange<UInt16> = 20_000...60_999
    /// Earlier handshake packets that a replaying box can choose from.
    private static let replaysMax = 256

    /// The first that covers a SYN decides; connections that are open keep theirs.
    package var rules: [BoxRule]
    private var random: SeededRandom
    private var connections: [Ends: Connection] = [:]
    /// From the ends as the far side sees them to the ends as they are.
    private var translated: [Ends: Ends] = [:]
    private var order: [Ends] = []
    private var orderHead = 0
    private var lastingCount = 0
    private var replays: [HandshakePacket] = []

    package init(_ rules: [BoxRule], seed: UInt64) {
        self.rules = rules
        random = SeededRandom(seed: seed)
    }

    /// - Parameters:
    ///   - frame: an Ethernet frame.
    ///   - checksumMissing: its sender left the checksum to hardware.
    ///   - saw: told of each handshake packet that passes.
    package mutating func take(
        _ frame: [UInt8], _ direction: Direction, checksumMissing: Bool = false, saw: (Passage) -> Void = { _ in }
    ) -> Verdict {
        if let answer = answer(frame, direction) { return .answer(answer) }
        // Most packets of a transfer need nothing: they are not even looked into.
        if lastingCount == 0, !checksumMissing, !Self.mayBeHandshake(frame) { return .pass(frame) }
        guard var packet = TCPFrame(frame) else { return .pass(frame) }
        if checksumMissing { packet.fillChecksum() }
        guard packet.isHandshake else { return .pass(follow(packet, direction)) }
        guard let handshake = try? HandshakePacket(parsing: Array(packet.bytes[TCPFrame.linkBytes..<packet.end])) else {
            return .pass(packet.bytes)
        }
        let out = handshake.isSYN ? open(handshake, packet, direction) : accept(handshake, packet, direction)
        guard let out else { return .drop }
        saw(Passage(direction: direction, before: handshake, after: out.packet))
        return .pass(out.frame)
    }

    /// The flags of a TCP packet without looking at much else: SYN in what would be TCP's flags.
    private static func mayBeHandshake(_ frame: [UInt8]) -> Bool {
        guard frame.count > 14 + 40 else { return frame.count > 14 + 33 }
        let at = frame[12] == 0x08 ? 14 + Int(frame[14] & 15) * 4 + 13 : 14 + 40 + 13
        return at < frame.count && frame[at] & 0x02 != 0
    }

    // MARK: Handshakes

    private mutating func open(
        _ syn: HandshakePacket, _ frame: TCPFrame, _ direction: Direction
    ) -> (frame: [UInt8], packet: HandshakePacket)? {
        let ends = Ends(
            opener: syn.ip.source, openerPort: syn.tcp.sourcePort, accepter: syn.ip.destination,
            accepterPort: syn.tcp.destinationPort)
        guard let rule = rules.first(where: { $0.covers(syn) }) else {
            forget(ends)
            return (frame.bytes, syn)
        }
        let faults = rule.faults(direction)
        if faults.contains(.synDataDropped), !syn.payload.isEmpty { return nil }
        let translation = translation(ends, rule, direction)
        var box = rule.box(opening: direction)
        box.translation = translation
        var out: HandshakePacket
        if let hostile = rule.hostile {
            let villain = HostileMiddlebox(box, tactic: hostile.tactic, guess: hostile.guess)
            out = villain.forward(syn, seen: seen(as: box.forward(syn)))
            remember(syn)
        } else {
            out = box.forward(syn)
        }
        for fault in faults { out = out.changed(by: fault) }
        guard let bytes = Self.frame(out, frame) else { return (frame.bytes, syn) }
        var connection = Connection(
            rule: rule, opening: direction, syn: syn, openerLink: frame.bytes[6..<12], translation: translation)
        connection.openerOffset = out.tcp.sequence &- syn.tcp.sequence
        keep(connection, ends)
        return (bytes, out)
    }

    private mutating func accept(
        _ synAck: HandshakePacket, _ frame: TCPFrame, _ direction: Direction
    ) -> (frame: [UInt8], packet: HandshakePacket)? {
        let seen = Ends(
            opener: synAck.ip.destination, openerPort: synAck.tcp.destinationPort, accepter: synAck.ip.source,
            accepterPort: synAck.tcp.sourcePort)
        let ends = translated[seen] ?? seen
        guard var connection = connections[ends], connection.opening != direction else { return (frame.bytes, synAck) }
        var box = connection.rule.box(opening: connection.opening)
        box.translation = connection.translation
        var out: HandshakePacket
        if let hostile = connection.rule.hostile {
            let villain = HostileMiddlebox(box, tactic: hostile.tactic, guess: hostile.guess)
            out = villain.reverse(
                synAck, of: connection.syn, seen: self.seen(as: box.reverse(synAck, of: connection.syn)))
            remember(synAck)
        } else {
            out = box.reverse(synAck, of: connection.syn)
        }
        // By what this box has really written: one that mends the integrity chooses its own ISN.
        out.tcp.acknowledgement = synAck.tcp.acknowledgement &- connection.openerOffset
        for fault in connection.rule.faults(direction) { out = out.changed(by: fault) }
        guard var bytes = Self.frame(out, frame) else { return (frame.bytes, synAck) }
        if connection.translation != nil { bytes.replaceSubrange(0..<6, with: connection.openerLink) }
        let was = connection.isLasting
        connection.accepterOffset = out.tcp.sequence &- synAck.tcp.sequence
        if connection.isLasting, !was { lastingCount += 1 }
        connections[ends] = connection
        return (bytes, out)
    }

    private static func frame(_ packet: HandshakePacket, _ old: TCPFrame) -> [UInt8]? {
        guard let bytes = try? packet.wireBytes() else { return nil }
        return old.bytes[..<TCPFrame.linkBytes] + bytes
    }

    /// An earlier packet, between the same ends and of the same kind, whose header was already like that of `wanted`.
    private func seen(as wanted: HandshakePacket) -> HandshakePacket? {
        replays.last {
            $0.tcp.flags.contains(.ack) == wanted.tcp.flags.contains(.ack)
                && HeaderComparison(sent: $0, received: wanted).changed.isSubset(of: [.nat, .full])
        }
    }

    private mutating func remember(_ packet: HandshakePacket) {
        if replays.count >= Self.replaysMax { replays.removeFirst(Self.replaysMax / 2) }
        replays.append(packet)
    }

    // MARK: What follows

    private func follow(_ packet: TCPFrame, _ direction: Direction) -> [UInt8] {
        guard lastingCount > 0 else { return packet.bytes }
        var packet = packet
        let there = Ends(
            opener: packet.source, openerPort: packet.sourcePort, accepter: packet.destination,
            accepterPort: packet.destinationPort)
        let back = Ends(
            opener: there.accepter, openerPort: there.accepterPort, accepter: there.opener,
            accepterPort: there.openerPort)
        let ends: Ends
        if let connection = connections[there], connection.opening == direction {
            ends = there
        } else {
            ends = translated[back] ?? back
        }
        guard let connection = connections[ends] else { return packet.bytes }
        let isOpener = connection.opening == direction
        let ip = TCPFrame.linkBytes
        if isOpener {
            packet.translate(sequence: connection.openerOffset, acknowledgement: 0 &- connection.accepterOffset)
            if let translation = connection.translation {
                packet.write(translation.address, at: ip + 12)
                packet.write(UInt32(translation.port), at: packet.tcp, width: 2)
            }
        } else {
            packet.translate(sequence: connection.accepterOffset, acknowledgement: 0 &- connection.openerOffset)
            if connection.translation != nil, case .v4(let opener) = ends.opener {
                packet.write(opener, at: ip + 16)
                packet.write(UInt32(ends.openerPort), at: packet.tcp + 2, width: 2)
                packet.bytes.replaceSubrange(0..<6, with: connection.openerLink)
            }
        }
        if connection.rule.faults(direction).contains(.congestionMarked) { packet.markCongestion() }
        return packet.bytes
    }

    // MARK: State

    private mutating func keep(_ connection: Connection, _ ends: Ends) {
        let old = connections.updateValue(connection, forKey: ends)
        if connection.isLasting { lastingCount += 1 }
        if let old {
            if old.isLasting { lastingCount -= 1 }
            return
        }
        order.append(ends)
        if order.count - orderHead > Self.connectionsMax {
            forget(order[orderHead])
            orderHead += 1
        }
        if orderHead > Self.connectionsMax {
            order.removeFirst(orderHead)
            orderHead = 0
        }
    }

    private mutating func forget(_ ends: Ends) {
        guard let old = connections.removeValue(forKey: ends) else { return }
        if old.isLasting { lastingCount -= 1 }
        if let translation = old.translation { translated[Self.outside(ends, translation)] = nil }
    }

    // MARK: Translation

    private static func outside(_ ends: Ends, _ translation: Middlebox.AddressTranslation) -> Ends {
        var seen = ends
        seen.opener = .v4(translation.address)
        seen.openerPort = translation.port
        return seen
    }

    private mutating func translation(
        _ ends: Ends, _ rule: BoxRule, _ direction: Direction
    ) -> Middlebox.AddressTranslation? {
        guard let address = rule.translation, direction == .forward, !ends.opener.isIPv6 else { return nil }
        if let known = connections[ends]?.translation { return known }
        var translation = Middlebox.AddressTranslation(address: address, port: ends.openerPort)
        for _ in 0..<64 {
            translation.port = .random(in: Self.portsTranslated, using: &random)
            let seen = Self.outside(ends, translation)
            if translated[seen] == nil {
                translated[seen] = ends
                return translation
            }
        }
        return nil
    }

    /// To whoever asks on the far side for an address that stands for ours.
    private func answer(_ frame: [UInt8], _ direction: Direction) -> [UInt8]? {
        // ARP (RFC 826) for IPv4 on Ethernet, a request.
        guard direction == .reverse, frame.count >= 42, frame[12] == 0x08, frame[13] == 0x06, frame[20] == 0,
            frame[21] == 1
        else { return nil }
        let asked = frame[38..<42].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard rules.contains(where: { $0.translation == asked }) else { return nil }
        let asker = frame[22..<28]
        let askerAddress = frame[28..<32]
        return Array(asker) + Self.link + [0x08, 0x06] + frame[14..<20] + [0, 2] + Self.link + frame[38..<42] + asker
            + askerAddress
    }
}
