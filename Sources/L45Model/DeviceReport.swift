/// What a device's tap says that it runs. What was sent to a device is never taken for this.
package struct DeviceReport: Hashable, Codable, Sendable {
    package var device: DeviceID
    package var takenAt: Timestamp
    /// The kernel's boot id: another one means that the taps of before are gone.
    package var bootID: String
    package var tap: TapKind
    /// The table that is in force in every tapped process: no call that began under an older one is still at work.
    package var generation: Generation
    /// Content digest of that table, as the tap holds it; nil when the tap holds none.
    package var tableDigest: Digest?
    package var modules: [ModuleReport]
    /// Processes under the tap; of the kernel tap, which all are under: names of those that have tapped sockets.
    package var processes: Int
    /// What is wrong, in words; empty when nothing is.
    package var problems: [String]

    package init(
        device: DeviceID, takenAt: Timestamp, bootID: String, tap: TapKind, generation: Generation,
        tableDigest: Digest?,
        modules: [ModuleReport], processes: Int = 0, problems: [String] = []
    ) {
        self.device = device
        self.takenAt = takenAt
        self.bootID = bootID
        self.tap = tap
        self.generation = generation
        self.tableDigest = tableDigest
        self.modules = modules
        self.processes = processes
        self.problems = problems
    }

    package func module(_ id: ModuleID) -> ModuleReport? { modules.first { $0.id == id } }
}

/// Which tap a device enforces with.
package enum TapKind: String, Hashable, Codable, Sendable { case preload, kernel, simulated }

/// One module as the tap sees it.
package struct ModuleReport: Hashable, Codable, Sendable {
    package var id: ModuleID
    package var state: ModuleState
    package var enforcing: Bool
    /// Open sockets with this module in their list.
    package var sockets: Int
    /// Streams whose frame under way, in either direction, is in this dialect: its decoder is still needed.
    package var streamsInDialect: Int
    /// Matching connections that began plain and so stay plain until they close.
    package var streamsLeftPlain: Int
    /// `active_ts`: last message that the module customized, either way.
    package var activeAt: Timestamp
    /// Last message sent in the dialect.
    package var sentAt: Timestamp
    /// Last message received in the dialect.
    package var receivedAt: Timestamp
    package var statistics: ModuleStatistics
    /// Flows that the wildcards were filled with: the latest few, `udp dig/isc-net-0000 10.0.0.5:41234 -> 10.0.0.53:53`.
    package var filledIn: [String]

    package init(
        id: ModuleID, state: ModuleState, enforcing: Bool = false, sockets: Int = 0, streamsInDialect: Int = 0,
        streamsLeftPlain: Int = 0, activeAt: Timestamp = .never, sentAt: Timestamp = .never,
        receivedAt: Timestamp = .never, statistics: ModuleStatistics = ModuleStatistics(), filledIn: [String] = []
    ) {
        self.id = id
        self.state = state
        self.enforcing = enforcing
        self.sockets = sockets
        self.streamsInDialect = streamsInDialect
        self.streamsLeftPlain = streamsLeftPlain
        self.activeAt = activeAt
        self.sentAt = sentAt
        self.receivedAt = receivedAt
        self.statistics = statistics
        self.filledIn = filledIn
    }
}

/// Counters since the module was installed. A message is a datagram or a stream's frame.
package struct ModuleStatistics: Hashable, Codable, Sendable {
    package var messagesSent: UInt64 = 0
    package var messagesReceived: UInt64 = 0
    /// Plain bytes, tags not counted.
    package var bytesSent: UInt64 = 0
    package var bytesReceived: UInt64 = 0
    /// Arrived without this dialect and were left to the next module.
    package var skipped: UInt64 = 0
    /// Arrived plain and were handed over as they came.
    package var passedPlain: UInt64 = 0
    /// Arrived plain and were dropped (`dropUnlessTagged`).
    package var dropped: UInt64 = 0
    /// Carried our identification and a wrong authenticator.
    package var forged: UInt64 = 0

    package init() {}
}
