package import L45Model

/// What is known of one device's path keys, beside its paths.
package struct PathKeyDevice: Hashable, Sendable {
    /// Its agent takes keys, as it said when it connected last.
    package var takesKeys: Bool
    package var isConnected: Bool
    /// The tag that it said back over the present connection.
    package var held: String?
    /// What it was last known to hold, also over an earlier connection; nil: not known since this orchestrator began.
    package var known: PathKeys?
    package var sentAt: Timestamp?

    package init(
        takesKeys: Bool = false, isConnected: Bool = false, held: String? = nil, known: PathKeys? = nil,
        sentAt: Timestamp? = nil
    ) {
        self.takesKeys = takesKeys
        self.isConnected = isConnected
        self.held = held
        self.known = known
        self.sentAt = sentAt
    }
}
