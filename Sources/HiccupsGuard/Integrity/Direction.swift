/// Which way a packet goes, as the opener of the connection sees it.
package enum Direction: UInt8, Hashable, Sendable, CaseIterable {
    /// The SYN, from initiator to responder.
    case forward = 0
    /// The SYN-ACK, back.
    case reverse = 1
}
