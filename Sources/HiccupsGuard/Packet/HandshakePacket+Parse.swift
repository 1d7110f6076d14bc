extension HandshakePacket {
    /// Whether checksums must be right. A packet captured on its way to the network card has none yet.
    package enum Checksums: Sendable { case verified, ignored }

    /// Reads a packet that begins with its IP header. Bytes behind the length that the IP header states (link-layer
    /// padding) are
    /// not looked at.
    ///
    /// Options are kept as they came, also malformed ones: a middlebox that wrote them is what the guard wants to see.
    package init(parsing bytes: Span<UInt8>, checksums: Checksums = .verified) throws(PacketError) {
        guard bytes.count >= 1 else { throw .truncated(.ipv4Header, needed: 20, given: 0) }
        switch bytes[0] >> 4 {
        case 4: try self.init(parsingIPv4: bytes, checksums)
        case 6: try self.init(parsingIPv6: bytes, checksums)
        case let version: throw .notIP(version: version)
        }
    }

    package init(parsing bytes: [UInt8], checksums: Checksums = .verified) throws(PacketError) {
        try self.init(parsing: bytes.span, checksums: checksums)
    }

    private init(parsingIPv4 bytes: Span<UInt8>, _ checksums: Checksums) throws(PacketError) {
        guard bytes.count >= 20 else { throw .truncated(.ipv4Header, needed: 20, given: bytes.count) }
        let headerBytes = Int(bytes[0] & 15) * 4
        guard headerBytes >= 20 else { throw .headerLength(.ipv4Header, bytes: headerBytes, least: 20) }
        guard bytes.count >= headerBytes else {
            throw .truncated(.ipv4Header, needed: headerBytes, given: bytes.count)
        }
        let total = Int(bytes.word16(2))
        guard total >= headerBytes else { throw .headerLength(.ipv4Total, bytes: total, least: headerBytes) }
        guard bytes.count >= total else { throw .truncated(.ipv4Total, needed: total, given: bytes.count) }
        let fragment = bytes.word16(6)
        guard fragment & 0x3fff == 0 else { throw .fragmented(offset: Int(fragment & 0x1fff) * 8) }
        guard bytes[9] == Self.tcpProtocol else { throw .notTCP(protocolNumber: bytes[9]) }
        if case .verified = checksums {
            var sum = InternetChecksum()
            sum.add(bytes, 0..<10)
            sum.add(bytes, 12..<headerBytes)
            guard sum.value == bytes.word16(10) else {
                throw .checksum(.ipv4Header, found: bytes.word16(10), expected: sum.value)
            }
        }
        var header = IPv4Header(source: bytes.word32(12), destination: bytes.word32(16))
        header.dscp = bytes[1] >> 2
        header.ecn = ECNCodepoint(bits: bytes[1])
        header.identification = bytes.word16(4)
        header.reservedBit = fragment & 0x8000 != 0
        header.dontFragment = fragment & 0x4000 != 0
        header.timeToLive = bytes[8]
        header.options = try OptionBlock(bytes, 20..<headerBytes)
        try self.init(.v4(header), bytes, headerBytes..<total, checksums)
    }

    private init(parsingIPv6 bytes: Span<UInt8>, _ checksums: Checksums) throws(PacketError) {
        guard bytes.count >= 40 else { throw .truncated(.ipv6Header, needed: 40, given: bytes.count) }
        let total = 40 + Int(bytes.word16(4))
        guard bytes.count >= total else { throw .truncated(.ipv6Payload, needed: total, given: bytes.count) }
        guard bytes[6] == Self.tcpProtocol else { throw .notTCP(protocolNumber: bytes[6]) }
        let first = bytes.word32(0)
        var header = IPv6Header(
            source: .init(high: bytes.word64(8), low: bytes.word64(16)),
            destination: .init(high: bytes.word64(24), low: bytes.word64(32)))
        header.dscp = UInt8(truncatingIfNeeded: first >> 22) & 0x3f
        header.ecn = ECNCodepoint(bits: UInt8(truncatingIfNeeded: first >> 20))
        header.flowLabel = first & 0xfffff
        header.hopLimit = bytes[7]
        try self.init(.v6(header), bytes, 40..<total, checksums)
    }

    private init(
        _ ip: IPHeader, _ bytes: Span<UInt8>, _ range: Range<Int>, _ checksums: Checksums
    ) throws(PacketError) {
        guard range.count >= 20 else { throw .truncated(.tcpHeader, needed: 20, given: range.count) }
        let at = range.lowerBound
        let headerBytes = Int(bytes[at + 12] >> 4) * 4
        guard headerBytes >= 20 else { throw .headerLength(.tcpHeader, bytes: headerBytes, least: 20) }
        guard range.count >= headerBytes else {
            throw .truncated(.tcpHeader, needed: headerBytes, given: range.count)
        }
        if case .verified = checksums {
            var sum = InternetChecksum()
            sum.addPseudoHeader(ip, tcpBytes: range.count)
            sum.add(bytes, at..<at + 16)
            sum.add(bytes, at + 18..<range.upperBound)
            guard sum.value == bytes.word16(at + 16) else {
                throw .checksum(.tcpHeader, found: bytes.word16(at + 16), expected: sum.value)
            }
        }
        var tcp = TCPHeader(
            sourcePort: bytes.word16(at), destinationPort: bytes.word16(at + 2),
            flags: TCPFlags(rawValue: bytes.word16(at + 12)))
        tcp.sequence = bytes.word32(at + 4)
        tcp.acknowledgement = bytes.word32(at + 8)
        tcp.reservedBits = bytes[at + 12] >> 1 & 7
        tcp.window = bytes.word16(at + 14)
        tcp.urgentPointer = bytes.word16(at + 18)
        tcp.options = try OptionBlock(bytes, at + 20..<at + headerBytes)
        self.init(ip: ip, tcp: tcp, payload: (at + headerBytes..<range.upperBound).map { bytes[$0] })
    }

    static let tcpProtocol: UInt8 = 6
}

extension InternetChecksum {
    mutating func addPseudoHeader(_ ip: IPHeader, tcpBytes: Int) {
        switch ip {
        case .v4(let header):
            add(header.source)
            add(header.destination)
        case .v6(let header):
            add(header.source.high)
            add(header.source.low)
            add(header.destination.high)
            add(header.destination.low)
        }
        add(UInt16(HandshakePacket.tcpProtocol))
        add(UInt32(truncatingIfNeeded: tcpBytes))
    }
}

/// Big-endian words; the caller has checked that they are there.
extension Span<UInt8> {
    func word16(_ at: Int) -> UInt16 { UInt16(self[at]) << 8 | UInt16(self[at + 1]) }
    func word32(_ at: Int) -> UInt32 { UInt32(word16(at)) << 16 | UInt32(word16(at + 2)) }
    func word64(_ at: Int) -> UInt64 { UInt64(word32(at)) << 32 | UInt64(word32(at + 4)) }
}
