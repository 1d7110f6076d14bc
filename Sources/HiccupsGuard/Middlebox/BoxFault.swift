/// Harm beyond table 7.6 that boxes on real paths do, each to one extension and in one direction.
package enum BoxFault: Hashable, Sendable, CaseIterable {
    /// The MSS of handshake packets becomes ``jumboMSS``, whatever the path carries.
    case mssRaised
    /// The TSval of handshake packets alone is moved on, as by a box that hides a host's clock and forgets the data: to
    /// the receiver all that follows is old (RFC 7323 section 5.3).
    case timestampShifted
    /// Every packet of the connection bears CE, as by a router that writes the old TOS byte.
    case congestionMarked
    /// The key in a handshake packet's MP_CAPABLE (RFC 8684 section 3.1) is another one, where there is a key.
    case multipathKeyChanged
    /// SYNs that bear data do not pass.
    case synDataDropped

    package static let jumboMSS: UInt16 = 8960
    static let timestampShift: UInt32 = 1 << 30

    /// Whether it concerns packets beside the handshake's.
    var isLasting: Bool { self == .congestionMarked }
}

extension HandshakePacket {
    /// This packet after `fault`; the same packet where the fault finds nothing to act on.
    package func changed(by fault: BoxFault) -> HandshakePacket {
        var packet = self
        switch fault {
        case .mssRaised:
            if packet.tcp.options.maximumSegmentSize != nil,
                let place = packet.tcp.options.first(TCPOption.maximumSegmentSizeKind)
            {
                packet.tcp.options.set(place, byte: 2, to: UInt8(BoxFault.jumboMSS >> 8))
                packet.tcp.options.set(place, byte: 3, to: UInt8(truncatingIfNeeded: BoxFault.jumboMSS))
            }
        case .timestampShifted:
            if let place = packet.tcp.options.first(TCPOption.timestampKind), place.length == 10 {
                // The shift is one bit of the top byte and a carry out of it is lost: only that byte changes.
                let top = packet.tcp.options[place.offset + 2]
                packet.tcp.options.set(place, byte: 2, to: top &+ UInt8(BoxFault.timestampShift >> 24))
            }
        case .congestionMarked: packet.ip.ecn = .ce
        case .multipathKeyChanged:
            // Kind, length, subtype and flags come first: 4 bytes. Keys follow.
            if let place = packet.tcp.options.first(TCPOption.multipathKind), place.length >= 12 {
                packet.tcp.options.set(place, byte: 4, to: packet.tcp.options[place.offset + 4] ^ 0xff)
            }
        case .synDataDropped: break
        }
        return packet
    }
}
