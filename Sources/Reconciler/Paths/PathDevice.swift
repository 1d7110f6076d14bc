package import L45Model

/// What is known of one device's paths.
package struct PathDevice: Hashable, Sendable {
    package enum Link: Hashable, Sendable {
        case away
        /// `reported`: its path report came over this connection.
        case connected(reported: Bool)
        /// Its agent knows no paths.
        case speaksNone
    }

    /// Addresses that other devices know it by.
    package var addresses: [AddressBlock]
    /// What the compiler wants of it; nil: nothing.
    package var plan: DevicePaths?
    /// The last one decided.
    package var table: PathTable?
    package var report: PathReport?
    package var link: Link
    /// The generation that it keeps, as it said at its check-in.
    package var kept: Generation
    package var sentAt: Timestamp?

    package init(
        addresses: [AddressBlock], plan: DevicePaths? = nil, table: PathTable? = nil, report: PathReport? = nil,
        link: Link = .away, kept: Generation = .none, sentAt: Timestamp? = nil
    ) {
        self.addresses = addresses
        self.plan = plan
        self.table = table
        self.report = report
        self.link = link
        self.kept = kept
        self.sentAt = sentAt
    }

    /// Over the present connection it has said that what was decided last is in force.
    package var isConfirmed: Bool {
        guard let table else { return true }
        return link == .connected(reported: true) && report?.inForce == table.generation
    }

    /// Its table is that of its plan, and in force. Gates that others ask for are not waited for.
    package func runs(_ intent: IntentName) -> Bool {
        let planned = plan?.paths.filter { $0.intent == intent } ?? []
        return isConfirmed && (table?.paths.filter { $0.intent == intent } ?? []) == planned
    }
}
