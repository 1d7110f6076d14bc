import HiccupsGuard
import L45Model
import Testing

@Suite("Packets on the wire")
struct WireTests {
    /// Seed figure 7.2: a SYN and a SYN-ACK of two HICCUPS hosts, between which a box clears the ECN flags.
    @Test("The seed's own capture reads as HNONAT asked for, and as a SYN that did not arrive as sent")
    func figure() throws {
        var syn = try Samples.syn(ecn: .notECT, options: [.maximumSegmentSize(1460)])
        syn.tcp.sequence = 148_508_632
        syn.tcp.window = 1094
        #expect(syn.carriers.isn == 0x0702)
        #expect(syn.carriers.window == 0x0446)
        #expect(syn.carriers.isn >> 12 == UInt16(Coverage.noNAT.rawValue))
        #expect(syn.carriers.window >> 12 == UInt16(Coverage.noNAT.rawValue))

        var synAck = syn
        synAck.tcp.sequence = 980_663_579
        synAck.tcp.window = 36_086
        #expect(synAck.carriers.isn >> 12 == 0b1000)
        #expect(synAck.carriers.window >> 12 == 0b1000)
    }

    static let golden: [UInt8] = [
        0x45, 0x02, 0x00, 0x34,  // IPv4, 20 bytes of header, ECT(0), 52 bytes in all
        0x0e, 0xee, 0x40, 0x00,  // IPID: type 0, f2; DF
        0x40, 0x06, 0x5f, 0xcc,  // TTL 64, TCP, checksum
        0x0a, 0x00, 0x00, 0x01,  // 10.0.0.1
        0xc0, 0x00, 0x02, 0x07,  // 192.0.2.7
        0xc0, 0x00, 0x01, 0xbb,  // 49152 to 443
        0xb7, 0x44, 0xbe, 0xef,  // ISN: (type 0, f1) xor salt; salt 0xbeef
        0x00, 0x00, 0x00, 0x00,  // no acknowledgement
        0x80, 0xc2, 0x04, 0x1a,  // 32 bytes of header; SYN, ECE, CWR; window: type 0, f3
        0x67, 0x3e, 0x00, 0x00,  // checksum; urgent pointer
        0x02, 0x04, 0x05, 0xb4,  // MSS 1460
        0x01, 0x03, 0x03, 0x09,  // no-operation, window scale 9
        0x04, 0x02, 0x00, 0x00,  // SACK permitted, end of list
    ]

    @Test("A sealed SYN is these bytes")
    func goldenSYN() throws {
        var syn = try Samples.syn(options: [.maximumSegmentSize(1460), .noOperation, .windowScale(9), .sackPermitted])
        syn.sealSYN(PerCarrier(all: .noNAT), salt: 0xbeef, by: .plain)
        #expect(try syn.wireBytes() == Self.golden)
        #expect(try HandshakePacket(parsing: Self.golden) == syn)
        #expect(syn.readSYN(by: .plain).verdict == .intact(.noNAT, overwritten: nil))
    }

    @Test("In IPv6 the second fragment travels in the flow label, which never reads zero")
    func flowLabel() throws {
        var syn = try Samples.syn6()
        syn.sealSYN(PerCarrier(all: .full), salt: 1, by: .plain)
        let bytes = try syn.wireBytes()
        #expect(bytes[1] & 15 == 8)
        #expect(UInt16(bytes[2]) << 8 | UInt16(bytes[3]) == syn.carriers.ipid)
        let read = try HandshakePacket(parsing: bytes)
        #expect(read == syn)
        #expect(read.readSYN(by: .plain).verdict == .intact(.full, overwritten: nil))
    }

    @Test("Building undoes parsing, options and payload and all", arguments: [UInt64](1...200))
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var syn = seed.isMultiple(of: 2) ? try Samples.syn() : try Samples.syn6()
        syn.tcp.reservedBits = .random(in: 0...7, using: &random)
        syn.tcp.flags = TCPFlags(rawValue: .random(in: 0...0x1ff, using: &random))
        syn.tcp.urgentPointer = .random(in: .min ... .max, using: &random)
        syn.tcp.acknowledgement = .random(in: .min ... .max, using: &random)
        syn.payload = (0..<Int.random(in: 0...99, using: &random)).map { _ in .random(in: .min ... .max, using: &random)
        }
        if case .v4(var header) = syn.ip {
            header.dscp = .random(in: 0...63, using: &random)
            header.reservedBit = .random(using: &random)
            header.dontFragment = .random(using: &random)
            header.options = try OptionBlock([.other(kind: 148, [0, 0])])
            syn.ip = .v4(header)
        }
        syn.setCarriers(PerCarrier(1, 2, 3), salt: 0xffff)
        let bytes = try syn.wireBytes()
        #expect(try HandshakePacket(parsing: bytes) == syn)
        #expect(try HandshakePacket(parsing: bytes + [0, 0, 0]) == syn, "link-layer padding is not looked at")
    }

    @Test("Each kind of bad packet is refused by name")
    func refusals() throws {
        let good = try Samples.syn().wireBytes()
        func refusal(_ change: (inout [UInt8]) -> Void) -> PacketError? {
            var bytes = good
            change(&bytes)
            do throws(PacketError) {
                _ = try HandshakePacket(parsing: bytes, checksums: .ignored)
                return nil
            } catch { return error }
        }
        let count = good.count
        #expect(refusal { $0 = [] } == .truncated(.ipv4Header, needed: 20, given: 0))
        #expect(refusal { $0[0] = 0x55 } == .notIP(version: 5))
        #expect(refusal { $0[0] = 0x44 } == .headerLength(.ipv4Header, bytes: 16, least: 20))
        #expect(refusal { $0.removeLast() } == .truncated(.ipv4Total, needed: count, given: count - 1))
        #expect(refusal { $0[3] = 19 } == .headerLength(.ipv4Total, bytes: 19, least: 20))
        #expect(refusal { $0[7] = 2 } == .fragmented(offset: 16))
        #expect(refusal { $0[6] |= 0x20 } == .fragmented(offset: 0))
        #expect(refusal { $0[9] = 17 } == .notTCP(protocolNumber: 17))
        #expect(refusal { $0[32] = 0x40 } == .headerLength(.tcpHeader, bytes: 16, least: 20))
        #expect(refusal { $0[3] = 40 } == .truncated(.tcpHeader, needed: count - 20, given: 20))
        var broken = good
        broken[8] = 1
        #expect(throws: PacketError.self) { try HandshakePacket(parsing: broken) }
        broken = good
        broken[count - 1] ^= 1
        let complaint = #expect(throws: PacketError.self) { try HandshakePacket(parsing: broken) }
        #expect(complaint?.description.contains("checksum of the TCP header") == true)
        #expect(throws: PacketError.optionsTooLong(bytes: 50, most: 40)) {
            try OptionBlock(Array(repeating: .timestamp(value: 1, echo: 2), count: 5))
        }
    }

    @Test("A malformed option ends the list and does not vanish")
    func malformedOptions() throws {
        for bytes: [UInt8] in [[2, 4, 5, 180, 3, 0, 0, 0], [2, 4, 5, 180, 8, 10, 0, 0], [2, 4, 5, 180, 1, 1, 1, 3]] {
            let block = try OptionBlock(bytes.span, 0..<bytes.count)
            #expect(block.options == [.maximumSegmentSize(1460)])
            #expect(block.bytes == bytes)
            var grown = block
            let fits = grown.append(.sackPermitted)
            #expect(!fits)
            #expect(grown == block)
        }
    }

    @Test(
        "The options mean what was written",
        arguments: [
            TCPOption.maximumSegmentSize(536), .windowScale(14), .sackPermitted,
            .timestamp(value: 0xdead_beef, echo: 7),
            .multipath([0, 0x81, 1, 2]), .fastOpen(cookie: []), .fastOpen(cookie: [1, 2, 3, 4]),
            .other(kind: 254, [0xf9, 0x89]),
        ])
    func options(option: TCPOption) throws {
        #expect(try OptionBlock([option]).options == [option])
        var block = try OptionBlock([.maximumSegmentSize(1), .sackPermitted])
        let fits = block.append(option)
        #expect(fits)
        #expect(block.options.last == option)
        #expect(block.count.isMultiple(of: 4))
    }

    @Test("A stripped option leaves padding of the same length")
    func blank() throws {
        var block = try OptionBlock(Samples.options)
        let before = block.count
        let place = try #require(block.first(TCPOption.windowScaleKind))
        block.blank(place)
        #expect(block.windowScale == nil)
        #expect(block.count == before)
        #expect(block.maximumSegmentSize == 1460)
    }
}
