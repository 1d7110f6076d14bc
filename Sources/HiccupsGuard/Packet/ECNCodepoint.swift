/// The two ECN bits of an IP header (RFC 3168 section 5).
package enum ECNCodepoint: UInt8, Hashable, Sendable, CaseIterable {
    case notECT = 0
    case ect1 = 1
    case ect0 = 2
    /// Congestion experienced: a router may set it on a packet that was sent as ECT(0) or ECT(1).
    case ce = 3

    /// Reads the two low bits of `bits`.
    init(bits: UInt8) {
        switch bits & 3 {
        case 1: self = .ect1
        case 2: self = .ect0
        case 3: self = .ce
        default: self = .notECT
        }
    }
}
