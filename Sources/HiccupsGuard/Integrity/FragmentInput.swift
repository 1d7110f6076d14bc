/// The bytes that a fragment is computed over: what is covered, of which packet, in which direction.
///
/// Laid out so that no two different inputs give the same bytes: a domain byte, the direction, the type, then the
/// fields in a fixed
/// order, option blocks behind their length. The salt is never among them: an ISN translation would then break all
/// three
/// fragments, not one.
struct FragmentInput {
    private(set) var bytes = InlineArray<192, UInt8>(repeating: 0)
    private(set) var count = 0

    static let domain: UInt8 = 0x48

    /// - Parameter ecn: the codepoint to assume in place of the packet's own: a receiver of CE tries what may have been
    ///   sent.
    init(
        _ packet: HandshakePacket, _ direction: Direction, _ covered: ReplyCoverage, ecn: ECNCodepoint? = nil
    ) {
        append(Self.domain)
        append(direction.rawValue)
        append(covered.number)
        switch covered {
        case .covering(let coverage), .marked(let coverage), .named(let coverage):
            append(packet, coverage, ecn ?? packet.ip.ecn)
        case .changed: break
        case .echo(let carrier):
            append(packet, .noNAT, ecn ?? packet.ip.ecn)
            append(carrier)
        }
    }

    private mutating func append(_ packet: HandshakePacket, _ coverage: Coverage, _ ecn: ECNCodepoint) {
        let fields = coverage.fields
        let tcp = packet.tcp
        if fields.contains(.safe) { appendSafe(packet) }
        if fields.contains(.lengths) { appendLengths(packet) }
        if fields.contains(.ecnIP) { append(ecn.rawValue) }
        if fields.contains(.ecnTCP) { append(tcp.flags.intersection(.ecn).rawValue) }
        if fields.contains(.plainFlags) {
            append(tcp.flags.subtracting(.ecn).rawValue)
            if case .v4(let header) = packet.ip { append(UInt8(header.dontFragment ? 1 : 0)) }
        }
        if fields.contains(.sackPermitted) { append(tcp.options, only: TCPOption.sackPermittedKind) }
        if fields.contains(.urgentPointer) { append(tcp.urgentPointer) }
        if fields.contains(.addresses) { appendAddresses(packet) }
        if fields.contains(.options) {
            if case .v4(let header) = packet.ip { append(header.options) }
            append(tcp.options)
        }
        if let kind = coverage.optionKind { append(tcp.options, only: kind) }
    }

    private mutating func appendSafe(_ packet: HandshakePacket) {
        switch packet.ip {
        case .v4(let header):
            append(UInt8(4))
            append(UInt8(header.reservedBit ? 1 : 0))
        case .v6: append(UInt8(6))
        }
        append(HandshakePacket.tcpProtocol)
        append(packet.tcp.reservedBits)
    }

    private mutating func appendLengths(_ packet: HandshakePacket) {
        append(UInt8(packet.ipHeaderBytes / 4))
        append(UInt16(truncatingIfNeeded: packet.lengthField))
        append(UInt8(packet.tcpHeaderBytes / 4))
    }

    private mutating func appendAddresses(_ packet: HandshakePacket) {
        switch packet.ip {
        case .v4(let header):
            append(header.source)
            append(header.destination)
        case .v6(let header):
            append(header.source.high)
            append(header.source.low)
            append(header.destination.high)
            append(header.destination.low)
        }
        append(packet.tcp.sourcePort)
        append(packet.tcp.destinationPort)
    }

    private mutating func append(_ block: OptionBlock) {
        append(UInt8(block.count))
        for at in 0..<block.count { append(block[at]) }
    }

    /// Every option of `kind`, in order: a second MSS is a change too.
    private mutating func append(_ block: OptionBlock, only kind: UInt8) {
        var at = 0
        while let place = block.place(from: at) {
            if place.kind == kind {
                for index in place.offset..<place.offset + place.length { append(block[index]) }
            }
            at = place.offset + place.length
        }
    }

    /// At most 3 + 4 + 4 + 1 + 2 + 3 + 2 + 36 + 41 + 41 + 2 bytes come together, and 17 more from
    /// ``FragmentFunctions``.
    mutating func append(_ byte: UInt8) {
        bytes[count] = byte
        count += 1
    }

    mutating func append(_ word: UInt16) {
        append(UInt8(word >> 8))
        append(UInt8(truncatingIfNeeded: word))
    }

    mutating func append(_ word: UInt32) {
        append(UInt16(word >> 16))
        append(UInt16(truncatingIfNeeded: word))
    }

    mutating func append(_ word: UInt64) {
        append(UInt32(truncatingIfNeeded: word >> 32))
        append(UInt32(truncatingIfNeeded: word))
    }
}
