/// The nine flag bits of a TCP header, as in the low bits of bytes 12 and 13.
package struct TCPFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue & 0x1ff }

    package static let fin = TCPFlags(rawValue: 0x001)
    package static let syn = TCPFlags(rawValue: 0x002)
    package static let rst = TCPFlags(rawValue: 0x004)
    package static let psh = TCPFlags(rawValue: 0x008)
    package static let ack = TCPFlags(rawValue: 0x010)
    package static let urg = TCPFlags(rawValue: 0x020)
    package static let ece = TCPFlags(rawValue: 0x040)
    package static let cwr = TCPFlags(rawValue: 0x080)
    /// NS (RFC 3540), now AE (RFC 9768).
    package static let ns = TCPFlags(rawValue: 0x100)

    /// The flags by which ECN is negotiated.
    package static let ecn: TCPFlags = [.ece, .cwr, .ns]
}
