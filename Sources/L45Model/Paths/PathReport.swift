/// What a device says of its paths. What was sent to it is never taken for this.
package struct PathReport: Hashable, Codable, Sendable {
    package var device: DeviceID
    package var takenAt: Timestamp
    /// The path table that is kept on the device.
    package var taken: Generation
    /// The path table that is in force: its gates for others are in the firewall, and what it no longer names is gone.
    package var inForce: Generation
    /// Sorted by name.
    package var paths: [PathStanding]
    /// What is wrong, in words; empty when nothing is.
    package var problems: [String]

    package init(
        device: DeviceID, takenAt: Timestamp, taken: Generation, inForce: Generation, paths: [PathStanding] = [],
        problems: [String] = []
    ) {
        self.device = device
        self.takenAt = takenAt
        self.taken = taken
        self.inForce = inForce
        self.paths = paths
        self.problems = problems
    }

    package func standing(_ name: PathName) -> PathStanding? { paths.first { $0.name == name } }
}

/// How one guarded path stands.
package struct PathStanding: Hashable, Codable, Sendable {
    package enum Phase: String, Hashable, Codable, Sendable, CaseIterable {
        /// Not looked at yet.
        case new
        /// Every extension may pass.
        case clear
        case gated
        /// The gates cost throughput or the path, and were taken back.
        case rolledBack = "rolled-back"
        /// The last look told nothing.
        case blind
        /// The gates could not be put in force.
        case failed
        // Under way.
        case probing, weighing, gating, confirming, comparing
        case rollingBack = "rolling-back"
        case healing, renewing

        /// Whether it stays so until the next look.
        package var isAtRest: Bool {
            switch self {
            case .new, .clear, .gated, .rolledBack, .blind, .failed: true
            case .probing, .weighing, .gating, .confirming, .comparing, .rollingBack, .healing, .renewing: false
            }
        }
    }

    /// What one direction does to an extension.
    package enum Verdict: String, Hashable, Codable, Sendable, CaseIterable { case intact, changed, unknown }

    /// One extension, as the last look saw it.
    package struct Sight: Hashable, Codable, Sendable {
        package var subject: PathExtension
        /// From this device to the destination.
        package var out: Verdict
        package var back: Verdict
        package init(_ subject: PathExtension, out: Verdict, back: Verdict) {
            self.subject = subject
            self.out = out
            self.back = back
        }
    }

    package var name: PathName
    package var phase: Phase
    /// When the phase at rest was entered.
    package var since: Timestamp
    /// When it is looked at next, or the step under way ends at the latest.
    package var nextAt: Timestamp
    /// One for each extension; empty before the first look that told something.
    package var sight: [Sight]
    /// Gates in force on this device for it. Sorted.
    package var here: [PathGate]
    /// Gates that the far devices have confirmed. Sorted.
    package var there: [PathGate]
    /// Gates that the far devices are to have; the orchestrator sees to it. Sorted.
    package var wanted: [PathGate]
    /// A step waits for the far devices.
    package var isWaiting: Bool
    /// ECN is asked for on routes to the destination.
    package var asksECN: Bool
    /// When `here`, `there` or `asksECN` last changed.
    package var heldSince: Timestamp
    /// Bits a second that an ordinary connection last achieved; nil: never measured.
    package var rate: Double?
    /// Why it stands so, in words; empty when there is nothing to say.
    package var reason: String
    /// Whether a key vouches for what the last look saw; nil: not looked at yet, or by an agent that does not say.
    package var integrity: PathIntegrity?

    package init(
        name: PathName, phase: Phase, since: Timestamp, nextAt: Timestamp, sight: [Sight] = [], here: [PathGate] = [],
        there: [PathGate] = [], wanted: [PathGate] = [], isWaiting: Bool = false, asksECN: Bool = false,
        heldSince: Timestamp = .never, rate: Double? = nil, reason: String = "", integrity: PathIntegrity? = nil
    ) {
        self.name = name
        self.phase = phase
        self.since = since
        self.nextAt = nextAt
        self.sight = sight
        self.here = here
        self.there = there
        self.wanted = wanted
        self.isWaiting = isWaiting
        self.asksECN = asksECN
        self.heldSince = heldSince
        self.rate = rate
        self.reason = reason
        self.integrity = integrity
    }
}
