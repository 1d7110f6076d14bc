package import L45Model

/// All that a reconciliation pass may know, gathered at one instant. A value: the pass asks nobody anything.
package struct FleetSnapshot: Sendable {
    package var devices: [DeviceID: DeviceSnapshot]
    /// Intents halted by the operator: none of their flows takes a further step.
    package var paused: Set<IntentName>
    /// What the pass before concluded, for `since`.
    package var statuses: [FlowName: RolloutStatus]
    package var policy: RolloutPolicy
    /// Intents whose edition goes round by a strategy; any other one goes to all devices at once.
    package var strategies: [IntentName: RolloutStrategy]
    /// Intents that the present level of the posture has not in force: their modules are installed, rotated and kept as those
    /// of any other, and stand by.
    package var resting: Set<IntentName>

    package init(
        devices: [DeviceID: DeviceSnapshot], paused: Set<IntentName> = [], statuses: [FlowName: RolloutStatus] = [:],
        policy: RolloutPolicy = RolloutPolicy(), strategies: [IntentName: RolloutStrategy] = [:],
        resting: Set<IntentName> = []
    ) {
        self.strategies = strategies
        self.resting = resting
        self.devices = devices
        self.paused = paused
        self.statuses = statuses
        self.policy = policy
    }
}

/// One device at that instant.
package struct DeviceSnapshot: Sendable {
    package var device: Device
    /// What it is to run in the end; nil: nothing.
    package var plan: DevicePlan?
    /// The last table decided for it, sent or not; nil: none yet.
    package var table: DeviceTable?
    /// `table.contentDigest()`, kept by the shell so that a step need not hash every table of the fleet; nil: computed.
    package var tableDigest: Digest?
    /// The last report, of whichever connection; nil: none yet.
    package var report: DeviceReport?
    package var link: Link
    /// When the table was last sent over the present connection; nil: not yet.
    package var sentAt: Timestamp?
    /// The generation in the agent's ledger, by its hello: it refuses an older table, and another one of the same
    /// generation, even while its tap reports none. `.none`: not known.
    package var ledgerGeneration: Generation
    /// The last refusal over the present connection; nil: none.
    package var refusal: Refusal?
    /// When the last report over the present connection came, by our clock; nil: not known.
    package var heardAt: Timestamp?

    package struct Refusal: Hashable, Sendable {
        package var generation: Generation
        /// For the operator.
        package var reason: String
        package init(generation: Generation, reason: String) {
            self.generation = generation
            self.reason = reason
        }
    }

    package enum Link: Hashable, Sendable {
        /// `reported`: a report came over this very connection, so it is not a memory of an earlier life.
        case connected(since: Timestamp, reported: Bool)
        case away(since: Timestamp)
    }

    package init(
        device: Device, plan: DevicePlan?, table: DeviceTable?, report: DeviceReport?, link: Link, sentAt: Timestamp?,
        tableDigest: Digest? = nil, ledgerGeneration: Generation = .none, refusal: Refusal? = nil,
        heardAt: Timestamp? = nil
    ) {
        self.heardAt = heardAt
        self.device = device
        self.plan = plan
        self.table = table
        self.report = report
        self.link = link
        self.sentAt = sentAt
        self.tableDigest = tableDigest
        self.ledgerGeneration = ledgerGeneration
        self.refusal = refusal
    }
}

extension DeviceSnapshot {
    /// Connected, and heard over this very connection.
    package var isFresh: Bool {
        if case .connected(_, reported: true) = link { report != nil } else { false }
    }
    /// It has modules, or is to have some.
    package var runsSomething: Bool { !(plan?.modules.isEmpty ?? true) || !(table?.modules.isEmpty ?? true) }
}

/// The bounds of a rollout.
package struct RolloutPolicy: Hashable, Sendable {
    /// How long after the last sender left a dialect its decoders stay: longer than the path's retransmissions and
    /// reordering. Default: 2 minutes, the maximum segment lifetime of RFC 9293.
    package var drainBound: Span
    /// An unconfirmed table is sent again after this long.
    package var resendAfter: Span
    /// The brake: with at least `brakeDevicesMin` devices that run or are to run something, and more than this share of
    /// them (0 to 1) silent, the outage is taken to be ours and nothing moves.
    package var brakeShare: Double
    package var brakeDevicesMin: Int
    /// Intents whose rotation by schedule may be under way at a time; what is due besides begins as these settle.
    package var rotationsAtOnceMax: Int
    /// Rules that a device's tap holds, `TapSocket.rules` of all its modules: no table is decided beyond them.
    package var rulesMax: Int

    package init(
        drainBound: Span = .seconds(120), resendAfter: Span = .seconds(10), brakeShare: Double = 0.5,
        brakeDevicesMin: Int = 4, rotationsAtOnceMax: Int = 256, rulesMax: Int = TapSocket.rulesMax
    ) {
        self.rulesMax = rulesMax
        self.rotationsAtOnceMax = rotationsAtOnceMax
        self.drainBound = drainBound
        self.resendAfter = resendAfter
        self.brakeShare = brakeShare
        self.brakeDevicesMin = brakeDevicesMin
    }
}
