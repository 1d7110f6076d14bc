import HiccupsGuard
import L45Model
import Testing

@Suite("A box's connections")
struct BoxConnectionsTests {
    private static let near: UInt32 = 0xc000_0201
    private static let far: UInt32 = 0xc000_0202

    private func frame(_ packet: HandshakePacket, from: UInt8, to: UInt8) throws -> [UInt8] {
        [2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 0x08, 0x00] + (try packet.wireBytes())
    }

    private func passed(_ verdict: BoxConnections.Verdict) throws -> [UInt8] {
        guard case .pass(let bytes) = verdict else {
            Issue.record("not passed on: \(verdict)")
            return []
        }
        return bytes
    }

    /// Parsing holds the checksums to be right.
    private func packet(_ frame: [UInt8]) throws -> HandshakePacket {
        try HandshakePacket(parsing: Array(frame.dropFirst(14)))
    }

    private func syn(port: UInt16 = 40_000) -> HandshakePacket {
        var tcp = TCPHeader(sourcePort: port, destinationPort: 80)
        tcp.sequence = 1000
        return HandshakePacket(ip: .v4(IPv4Header(source: Self.near, destination: Self.far)), tcp: tcp)
    }

    private func answer(to syn: HandshakePacket, sequence: UInt32 = 5000) -> HandshakePacket {
        var tcp = TCPHeader(
            sourcePort: syn.tcp.destinationPort, destinationPort: syn.tcp.sourcePort, flags: [.syn, .ack])
        tcp.sequence = sequence
        tcp.acknowledgement = syn.tcp.sequence &+ 1
        guard case .v4(let header) = syn.ip else { return syn }
        return HandshakePacket(
            ip: .v4(IPv4Header(source: header.destination, destination: header.source)), tcp: tcp)
    }

    @Test("A translated ISN holds for the whole connection, acknowledgements and SACK blocks at odd places included")
    func translation() throws {
        var box = BoxConnections(
            [BoxRule(forward: [.table(.isnTranslated)], reverse: [.table(.isnTranslated)], seed: 3)], seed: 1)
        let sent = syn()
        let arrived = try packet(passed(box.take(frame(sent, from: 1, to: 2), .forward)))
        #expect(arrived.tcp.sequence != sent.tcp.sequence)
        let reply = answer(to: arrived)
        let back = try packet(passed(box.take(frame(reply, from: 2, to: 1), .reverse)))
        #expect(back.tcp.acknowledgement == sent.tcp.sequence &+ 1)
        let outward = arrived.tcp.sequence &- sent.tcp.sequence
        let inward = back.tcp.sequence &- reply.tcp.sequence
        #expect(inward != 0)

        // What the near end acknowledges, and holds out of order, is numbered as it saw it.
        var ack = sent
        ack.tcp.flags = .ack
        ack.tcp.sequence = sent.tcp.sequence &+ 1
        ack.tcp.acknowledgement = back.tcp.sequence &+ 1
        let edges: [UInt32] = [back.tcp.sequence &+ 100, back.tcp.sequence &+ 200]
        ack.tcp.options = try OptionBlock([
            .noOperation,
            .other(kind: 5, edges.flatMap { edge in (0..<4).map { UInt8(truncatingIfNeeded: edge >> (24 - 8 * $0)) } }),
        ])
        ack.payload = [1, 2, 3]
        let there = try packet(passed(box.take(frame(ack, from: 1, to: 2), .forward)))
        #expect(there.tcp.sequence == ack.tcp.sequence &+ outward)
        #expect(there.tcp.acknowledgement == reply.tcp.sequence &+ 1)
        #expect(
            there.tcp.options.options.contains(
                .other(
                    kind: 5,
                    [reply.tcp.sequence &+ 100, reply.tcp.sequence &+ 200].flatMap { edge in
                        (0..<4).map { UInt8(truncatingIfNeeded: edge >> (24 - 8 * $0)) }
                    })))
    }

    @Test("Two connections behind one address have a port each, and their answers find the way back")
    func addresses() throws {
        var rule = BoxRule(forward: [], reverse: [], seed: 3)
        rule.translation = 0xc000_0263
        var box = BoxConnections([rule], seed: 1)
        var ports: Set<UInt16> = []
        for (port, link) in [(UInt16(40_000), UInt8(1)), (40_001, 7)] {
            let arrived = try packet(passed(box.take(frame(syn(port: port), from: link, to: 2), .forward)))
            #expect(arrived.ip.source == .v4(0xc000_0263))
            ports.insert(arrived.tcp.sourcePort)
            let bytes = try passed(box.take(frame(answer(to: arrived), from: 2, to: 99), .reverse))
            #expect(Array(bytes.prefix(6)) == [2, 0, 0, 0, 0, link])
            let back = try packet(bytes)
            #expect(back.ip.destination == .v4(Self.near))
            #expect(back.tcp.destinationPort == port)
            // And so do those that follow.
            var data = answer(to: arrived)
            data.tcp.flags = .ack
            data.payload = [4, 5]
            let next = try packet(passed(box.take(frame(data, from: 2, to: 99), .reverse)))
            #expect(next.ip.destination == .v4(Self.near))
            #expect(next.tcp.destinationPort == port)
        }
        #expect(ports.count == 2)
    }

    @Test("Whoever asks for the translated address on the far side is answered, on the near side nobody is")
    func question() throws {
        var rule = BoxRule(forward: [], reverse: [], seed: 3)
        rule.translation = 0xc000_0263
        var box = BoxConnections([rule], seed: 1)
        let asker: [UInt8] = [2, 0, 0, 0, 0, 9]
        let ask: [UInt8] =
            [255, 255, 255, 255, 255, 255] + asker + [8, 6, 0, 1, 8, 0, 6, 4, 0, 1] + asker + [192, 0, 2, 2]
            + [0, 0, 0, 0, 0, 0, 192, 0, 2, 0x63]
        guard case .answer(let reply) = box.take(ask, .reverse) else {
            Issue.record("not answered")
            return
        }
        #expect(Array(reply[0..<6]) == asker)
        #expect(Array(reply[28..<32]) == [192, 0, 2, 0x63])
        #expect(Array(reply[38..<42]) == [192, 0, 2, 2])
        guard case .pass = box.take(ask, .forward) else {
            Issue.record("answered on the near side")
            return
        }
    }

    @Test("A connection that a rule does not cover passes byte for byte")
    func untouched() throws {
        let rule = BoxRule(
            destination: AddressBlock("192.0.2.3"), forward: HeaderChange.allCases.map { .table($0) }, reverse: [],
            seed: 3)
        var box = BoxConnections([rule], seed: 1)
        let bytes = try frame(syn(), from: 1, to: 2)
        #expect(try passed(box.take(bytes, .forward)) == bytes)
    }

    @Test("A change named for one direction is made to what goes that way, whoever opened")
    func direction() throws {
        var box = BoxConnections([BoxRule(forward: [.table(.reservedBitsSet)], reverse: [], seed: 3)], seed: 1)
        // Opened from the second interface: its SYN goes in reverse, and the answer forward.
        let arrived = try packet(passed(box.take(frame(syn(), from: 2, to: 1), .reverse)))
        #expect(arrived.tcp.reservedBits == 0)
        let back = try packet(passed(box.take(frame(answer(to: arrived), from: 1, to: 2), .forward)))
        #expect(back.tcp.reservedBits == 7)
    }

    @Test("A mark on every packet keeps the header's checksum right")
    func marks() throws {
        var box = BoxConnections([BoxRule(forward: [.fault(.congestionMarked)], reverse: [], seed: 3)], seed: 1)
        let sent = syn()
        _ = box.take(try frame(sent, from: 1, to: 2), .forward)
        var data = sent
        data.tcp.flags = .ack
        data.payload = [7]
        #expect(try packet(passed(box.take(frame(data, from: 1, to: 2), .forward))).ip.ecn == .ce)
    }

    @Test("No frame, however short or mangled, is more than passed on")
    func mangled() throws {
        var box = BoxConnections(
            [BoxRule(forward: HeaderChange.allCases.map { .table($0) }, reverse: [], seed: 3)], seed: 1)
        let whole = try frame(syn(), from: 1, to: 2)
        for count in 0..<whole.count {
            let cut = Array(whole[..<count])
            #expect(try passed(box.take(cut, .forward)) == cut)
        }
        var random = SeededRandom(seed: 11)
        for _ in 0..<20_000 {
            var bytes = whole
            for _ in 0..<3 {
                bytes[.random(in: 12..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            _ = box.take(bytes, .random(using: &random), checksumMissing: .random(using: &random))
        }
    }

    @Test("The same seed loses the same packets, and as many as it should")
    func loss() {
        var line = Impairment()
        line.loss = 0.1
        line.duplication = 0.05
        func draws(_ seed: UInt64) -> [Int] {
            var random = SeededRandom(seed: seed)
            return (0..<20_000).map { _ in line.draw(using: &random).count }
        }
        #expect(draws(5) == draws(5))
        #expect(draws(5) != draws(6))
        let lost = draws(5).count { $0 == 0 }
        #expect((1800...2200).contains(lost), "\(lost)")
    }

    @Test("Every change has a name that is read back")
    func names() {
        for name in BoxChange.names { #expect(BoxChange(name: name).map { "\($0)" } == name) }
        #expect(BoxChange(name: "nothing") == nil)
        #expect(Set(BoxChange.names).count == HeaderChange.allCases.count + BoxFault.allCases.count + 6)
    }
}

extension Direction {
    fileprivate static func random(using random: inout SeededRandom) -> Direction {
        Bool.random(using: &random) ? .forward : .reverse
    }
}
