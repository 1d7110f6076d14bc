/// From whom to which port a TCP packet goes and what it acknowledges, read without any check of the rest: enough to tell whether
/// the packet is worth reading, and whom to name where it cannot be read.
package struct PacketGlance: Hashable, Sendable {
    package let source: HostAddress
    package let sourcePort: UInt16
    package let destinationPort: UInt16
    package let acknowledgement: UInt32

    /// - Returns: nil where the packet ends before the acknowledgement, or is no TCP.
    package init?(_ bytes: Span<UInt8>) {
        guard bytes.count >= 20 else { return nil }
        let at: Int
        switch bytes[0] >> 4 {
        case 4:
            at = Int(bytes[0] & 15) * 4
            guard at >= 20, bytes[9] == HandshakePacket.tcpProtocol else { return nil }
            source = .v4(bytes.word32(12))
        case 6:
            at = 40
            guard bytes.count >= 40, bytes[6] == HandshakePacket.tcpProtocol else { return nil }
            source = .v6(.init(high: bytes.word64(8), low: bytes.word64(16)))
        default: return nil
        }
        guard bytes.count >= at + 12 else { return nil }
        sourcePort = bytes.word16(at)
        destinationPort = bytes.word16(at + 2)
        acknowledgement = bytes.word32(at + 8)
    }
}
