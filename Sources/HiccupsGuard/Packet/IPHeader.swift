/// The network header of a handshake packet. Lengths and checksums are not kept: they follow from the rest.
package enum IPHeader: Hashable, Sendable {
    case v4(IPv4Header)
    case v6(IPv6Header)

    /// The ECN bits.
    package var ecn: ECNCodepoint {
        get {
            switch self {
            case .v4(let header): header.ecn
            case .v6(let header): header.ecn
            }
        }
        set {
            switch self {
            case .v4(var header):
                header.ecn = newValue
                self = .v4(header)
            case .v6(var header):
                header.ecn = newValue
                self = .v6(header)
            }
        }
    }

    /// The 16 bits in which the second fragment travels: the IPID, and in IPv6 the low 16 bits of the flow label.
    ///
    /// IPv6 has no IPID in its fixed header. Writing sets the label's upper four bits to 8: a label of zero means
    /// "none", which
    /// routers may fill in (RFC 6437 section 3), and a carrier may well be zero.
    package var identification: UInt16 {
        get {
            switch self {
            case .v4(let header): header.identification
            case .v6(let header): UInt16(truncatingIfNeeded: header.flowLabel)
            }
        }
        set {
            switch self {
            case .v4(var header):
                header.identification = newValue
                self = .v4(header)
            case .v6(var header):
                header.flowLabel = 0x80000 | UInt32(newValue)
                self = .v6(header)
            }
        }
    }
}

/// An IPv4 header (RFC 791).
package struct IPv4Header: Hashable, Sendable {
    /// Six bits.
    package var dscp: UInt8 = 0
    package var ecn = ECNCodepoint.notECT
    package var identification: UInt16 = 0
    /// The bit in front of DF, zero by RFC 791.
    package var reservedBit = false
    package var dontFragment = true
    package var timeToLive: UInt8 = 64
    /// As a number: 10.0.0.1 is 0x0a000001.
    package var source: UInt32
    package var destination: UInt32
    package var options = OptionBlock()

    package init(source: UInt32, destination: UInt32) {
        self.source = source
        self.destination = destination
    }
}

/// An IPv6 header (RFC 8200) without extension headers.
package struct IPv6Header: Hashable, Sendable {
    /// 128 bits as two numbers.
    package struct Address: Hashable, Sendable {
        package var high: UInt64
        package var low: UInt64
        package init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }
    }

    /// Six bits.
    package var dscp: UInt8 = 0
    package var ecn = ECNCodepoint.notECT
    /// Twenty bits.
    package var flowLabel: UInt32 = 0
    package var hopLimit: UInt8 = 64
    package var source: Address
    package var destination: Address

    package init(source: Address, destination: Address) {
        self.source = source
        self.destination = destination
    }
}
