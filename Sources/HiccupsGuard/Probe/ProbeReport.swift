/// Who is probed.
package struct ProbeTarget: Hashable, Sendable {
    package let address: HostAddress
    package let port: UInt16

    package init(address: HostAddress, port: UInt16) {
        self.address = address
        self.port = port
    }
}

/// One interrogation of one path.
package struct ProbeJob: Hashable, Sendable {
    package let target: ProbeTarget
    /// An index into ``ProbeOptions/everyTrial``.
    package let trial: Int

    package init(target: ProbeTarget, trial: Int = 0) {
        self.target = target
        self.trial = trial
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
    /// What was asked for, an index into ``ProbeOptions/everyTrial``.
    package let trial: Int
    package var outcome: Outcome
    /// SYNs that were answered.
    package var exchanges = 0
    package var synsSent = 0
    package var knowledge = PathKnowledge()
    /// Who answered, where it was another than the target.
    package var answeredFrom: HostAddress?
    /// Answers that could not be read: cut short, malformed, a wrong checksum.
    package var unreadable = 0
    /// Packets from the target to the port that asked, which are no answer to what was asked: another acknowledgement, another
    /// port, not a SYN-ACK.
    package var unasked = 0
    /// An answer bore CE though no SYN had left so: a router said congestion, or a box writes the mark on everything. A
    /// responder answers a marked SYN by a marked SYN-ACK, so that it may have been either way.
    package var sawMark = false
    /// What became of a SYN under AppSalt, where ``ProbeOptions/usesAppSalt`` asks.
    package var appSalt: AppSaltVerdict?
    /// Of the first exchange.
    package var roundTrip: Duration?

    package init(target: ProbeTarget, trial: Int = 0, outcome: Outcome) {
        self.target = target
        self.trial = trial
        self.outcome = outcome
    }

    package var findings: [PathFinding] { outcome == .capable ? knowledge.findings : [] }
}
