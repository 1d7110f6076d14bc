/// Why bytes are no TCP packet that can be read, or why a packet cannot be built.
package enum PacketError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A part of a packet, as it is named to people.
    package enum Part: String, Hashable, Sendable {
        case ipv4Header = "IPv4 header"
        case ipv6Header = "IPv6 header"
        case ipv4Total = "IPv4 packet"
        case ipv6Payload = "IPv6 payload"
        case tcpHeader = "TCP header"
    }

    /// The packet ends too early: `part` needs `needed` bytes and `given` are there.
    case truncated(Part, needed: Int, given: Int)
    /// The version nibble is neither 4 nor 6.
    case notIP(version: UInt8)
    /// A header that claims fewer bytes than its fixed part.
    case headerLength(Part, bytes: Int, least: Int)
    /// IPv4: more fragments follow, or this is not the first. A handshake is never fragmented by an honest path.
    case fragmented(offset: Int)
    /// Neither TCP nor, in IPv6, TCP directly behind the fixed header (`6` is TCP).
    case notTCP(protocolNumber: UInt8)
    /// The checksum as it arrived, and as it should be.
    case checksum(Part, found: UInt16, expected: UInt16)
    /// Options that do not fit: 40 bytes is all that a header length of four bits leaves.
    case optionsTooLong(bytes: Int, most: Int)
    /// The whole is longer than a 16-bit length can say.
    case packetTooLong(bytes: Int, most: Int)

    package var description: String {
        switch self {
        case .truncated(let part, let needed, let given):
            "the \(part.rawValue) needs \(needed) bytes and \(given) are there; capture whole packets"
        case .notIP(let version):
            "the first nibble says IP version \(version); only 4 and 6 are read, without a link-layer header in front"
        case .headerLength(let part, let bytes, let least):
            "the \(part.rawValue) claims \(bytes) bytes; its fixed part alone is \(least)"
        case .fragmented(let offset):
            "the packet is a fragment (offset \(offset) bytes); only whole handshake packets can be checked"
        case .notTCP(let number):
            "the packet carries protocol \(number), not TCP (6)"
        case .checksum(let part, let found, let expected):
            "the checksum of the \(part.rawValue) is \(found), it should be \(expected); packets captured before the network "
                + "card fills it in can be read with checksums ignored"
        case .optionsTooLong(let bytes, let most):
            "the options take \(bytes) bytes, a header has room for \(most); send fewer options at once"
        case .packetTooLong(let bytes, let most):
            "the packet would be \(bytes) bytes long, its length field ends at \(most); send less data with it"
        }
    }
}
