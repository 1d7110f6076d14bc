/// One SYN of a look at a path, as one of the two ends knows it.
package struct PathExchange: Hashable, Codable, Sendable {
    package var path: PathName
    package var opener: DeviceID
    /// By the orchestrator's clock, as far as its end knows it.
    package var at: Timestamp
    /// From the IP header on: as it left, or as it arrived.
    package var syn: [UInt8]
    /// At the opener's end: which fragments the SYN-ACK says were found right (4 ISN, 2 IPID, 1 window); nil: it says nothing
    /// that could be believed. At the other end always nil.
    package var status: UInt8?
    /// Of the key that it was sealed with, or read by; nil: the public functions.
    package var epoch: UInt64?

    /// An IP header and a TCP header, each at its longest.
    package static let synBytesMax = 120

    package init(
        path: PathName, opener: DeviceID, at: Timestamp, syn: [UInt8], status: UInt8? = nil, epoch: UInt64? = nil
    ) {
        self.path = path
        self.opener = opener
        self.at = at
        self.syn = syn
        self.status = status
        self.epoch = epoch
    }
}

/// What one device tells of the exchanges since it told last: those that it opened, and those that others opened to it.
package struct PathExchanges: Hashable, Codable, Sendable {
    package var sent: [PathExchange]
    package var arrived: [PathExchange]
    /// How many more there were.
    package var leftOut: UInt64

    /// Of each side, in one message.
    package static let listMax = 256

    package init(sent: [PathExchange] = [], arrived: [PathExchange] = [], leftOut: UInt64 = 0) {
        self.sent = sent
        self.arrived = arrived
        self.leftOut = leftOut
    }

    package var isEmpty: Bool { sent.isEmpty && arrived.isEmpty }
}
