/// One extension kept out of the handshakes with one destination, at one end.
package struct PathGate: Hashable, Codable, Sendable, Comparable {
    package var subject: PathExtension
    package var end: PathEnd
    /// For ``PathExtension/mss`` alone: the most, in bytes.
    package var mssBytes: Int?

    package init(_ subject: PathExtension, at end: PathEnd, mssBytes: Int? = nil) {
        self.subject = subject
        self.end = end
        self.mssBytes = mssBytes
    }

    package static func < (left: PathGate, right: PathGate) -> Bool {
        (left.subject, left.end, left.mssBytes ?? 0) < (right.subject, right.end, right.mssBytes ?? 0)
    }
}

/// A gate in force: for whom, and until when it holds without being renewed.
///
/// It ends by itself, so that a host whose agent died does not keep it for ever.
package struct HeldGate: Hashable, Codable, Sendable {
    /// The other end of the connections, wherever the gate is.
    package var destination: AddressBlock
    /// This end of them, of the same family; nil: whichever of this host's addresses it is.
    package var local: AddressBlock?
    package var gate: PathGate
    package var expiresAt: Timestamp

    package init(
        _ gate: PathGate, for destination: AddressBlock, at local: AddressBlock? = nil, until expiresAt: Timestamp
    ) {
        self.gate = gate
        self.destination = destination
        self.local = local
        self.expiresAt = expiresAt
    }
}
