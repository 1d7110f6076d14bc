/// Where a flow stands on its way from one dialect to the next. In this order; each begins when the one before is
/// confirmed by the taps of every device in scope.
package enum RolloutPhase: String, Hashable, Codable, Sendable, CaseIterable, Comparable {
    /// Every device gets the new module at low priority: it decodes, it does not send.
    case deploy
    /// The ends that open conversations send the new dialect.
    case flipClients = "flip-clients"
    /// The ends that answer send it.
    case flipServers = "flip-servers"
    /// The old module attaches to nothing new and sends nothing.
    case deprecate
    /// Nobody sends the old dialect; what is under way (retransmissions, reordering, long streams) is waited for.
    case drain
    /// The old module is taken off.
    case revoke
    /// Every tap runs what its plan says.
    case settled

    package static func < (a: RolloutPhase, b: RolloutPhase) -> Bool { a.index < b.index }
    private var index: Int {
        switch self {
        case .deploy: 0
        case .flipClients: 1
        case .flipServers: 2
        case .deprecate: 3
        case .drain: 4
        case .revoke: 5
        case .settled: 6
        }
    }
}

/// A flow's rollout, derived anew at each step from plans, tables and reports; stored only to be shown.
package struct RolloutStatus: Hashable, Codable, Sendable {
    package var intent: IntentName
    package var flow: FlowName
    /// The edition that the plans ask for; nil when the flow is being withdrawn.
    package var epoch: Epoch?
    package var phase: RolloutPhase
    package var paused: Bool
    /// Devices that the phase waits for, and what for. Empty when it waits for none.
    package var waiting: [Waiting]
    /// When this phase of this rollout was entered.
    package var since: Timestamp
    /// How far its waves have come; nil: it has none, or is settled.
    package var course: RolloutCourse?
    /// What the posture makes of it; nil: the edition was in force from its first day.
    package var rest: Rest?

    package enum Rest: String, Hashable, Codable, Sendable {
        /// Not in force at the present level: every device understands it and none sends it.
        case standby
        /// In force by a change of level: it goes to all devices at once, which understood it before.
        case called
    }

    package struct Waiting: Hashable, Codable, Sendable {
        package var device: DeviceID
        /// In words, for the operator: `has not confirmed generation 7 (last report 6, 12 s ago)`.
        package var reason: String
        package init(device: DeviceID, reason: String) {
            self.device = device
            self.reason = reason
        }
    }

    package init(
        intent: IntentName, flow: FlowName, epoch: Epoch?, phase: RolloutPhase, paused: Bool, waiting: [Waiting],
        since: Timestamp, course: RolloutCourse? = nil, rest: Rest? = nil
    ) {
        self.intent = intent
        self.flow = flow
        self.epoch = epoch
        self.phase = phase
        self.paused = paused
        self.waiting = waiting
        self.since = since
        self.course = course
        self.rest = rest
    }
}
