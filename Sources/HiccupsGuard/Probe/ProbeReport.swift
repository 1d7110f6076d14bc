/// Who is probed.
package struct ProbeTarget: Hashable, Sendable {
    package let address: HostAddress
    package let port: UInt16

    package init(address: HostAddress, port: UInt16) {
        self.address = address
        self.port = port
    }
}

/// What one probe has found.
package struct ProbeReport: Sendable {
    package enum Outcome: Hashable, Sendable {
        /// The far end takes part: the knowledge counts.
        case capable
        /// It answers, and not in HICCUPS; or two carriers or more are overwritten, which looks alike.
        case notCapable
        /// It refuses the connection.
        case refused
        /// No answer to ``Interrogation/silencesMax`` SYNs in a row.
        case silent
        case unreachable(Unreachable)
    }

    package let target: ProbeTarget
    package var outcome: Outcome
    /// SYNs that were answered.
    package var exchanges = 0
    package var synsSent = 0
    package var knowledge = PathKnowledge()
    /// Who answered, where it was another than the target.
    package var answeredFrom: HostAddress?
    /// Of the first exchange.
    package var roundTrip: Duration?

    package var findings: [PathFinding] { outcome == .capable ? knowledge.findings : [] }
}
