/// An alert as operators see it.
package struct AlertView: Hashable, Codable, Sendable {
    package var id: AlertID
    package var kind: AlertKind
    package var severity: AlertSeverity
    package var state: Alert.State
    package var device: DeviceID?
    package var deviceName: String?
    package var module: ModuleID?
    package var flow: FlowName?
    package var path: PathName?
    /// What it is about besides, `sink/syslog`.
    package var other: String?
    package var expected: String
    package var seen: String
    package var firstSeen: APITime
    package var lastSeen: APITime
    package var count: UInt64
    package var acknowledgedBy: String?
    package var acknowledgedAt: APITime?
    package var note: String?
    package var resolvedAt: APITime?
    package var resolution: String?

    package init(_ alert: Alert, deviceName: String? = nil) {
        id = alert.id
        kind = alert.kind
        severity = alert.severity
        state = alert.state
        device = alert.subject.device
        self.deviceName = deviceName
        module = alert.subject.module
        flow = alert.subject.flow
        path = alert.subject.path
        other = alert.subject.other
        expected = alert.expected
        seen = alert.seen
        firstSeen = APITime(alert.firstSeen)
        lastSeen = APITime(alert.lastSeen)
        count = alert.count
        acknowledgedBy = alert.acknowledgedBy
        acknowledgedAt = APITime(known: alert.acknowledgedAt)
        note = alert.note
        resolvedAt = APITime(known: alert.resolvedAt)
        resolution = alert.resolution
    }

    /// `resolver-1 flow/dns/0`: for people.
    package var about: String {
        let parts = [
            deviceName ?? device.map { "device/\($0)" }, module.map { "module/\($0)" }, flow.map { "flow/\($0)" },
            path.map { "path/\($0)" }, other,
        ].compactMap { $0 }
        return parts.isEmpty ? "fleet" : parts.joined(separator: " ")
    }
}

/// Which alerts to read. What is given narrows.
package struct AlertQuery: Hashable, Codable, Sendable {
    /// These alone, whatever their state; one that is not there is `notFound`.
    package var ids: [AlertID]
    package var states: Set<Alert.State>
    /// This and worse ones.
    package var severity: AlertSeverity
    package var kind: AlertKind?
    /// Name, id or the start of an id.
    package var device: String?
    /// The newest so many, 1 to 1000.
    package var limit: Int

    package init(
        ids: [AlertID] = [], states: Set<Alert.State> = [.open, .acknowledged], severity: AlertSeverity = .notice,
        kind: AlertKind? = nil, device: String? = nil, limit: Int = 1000
    ) {
        self.ids = ids
        self.states = states
        self.severity = severity
        self.kind = kind
        self.device = device
        self.limit = limit
    }
}

/// What an operator does about alerts, all or none of them.
package struct AlertRequest: Hashable, Codable, Sendable {
    package enum Verb: String, Hashable, Codable, Sendable, CaseIterable {
        /// Somebody looks after it.
        case acknowledge
        /// It is over; for one that the orchestrator cannot see the end of.
        case resolve
    }
    package var verb: Verb
    package var ids: [AlertID]
    /// Who asks, for the trail: `alice@ops-1`.
    package var by: String
    package var note: String?

    package init(_ verb: Verb, _ ids: [AlertID], by: String, note: String? = nil) {
        self.verb = verb
        self.ids = ids
        self.by = by
        self.note = note
    }
}
