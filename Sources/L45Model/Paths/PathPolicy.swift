/// What may be done to the extensions on a path, and when it is looked at again.
package struct PathPolicy: Hashable, Codable, Sendable {
    /// How an extension is treated.
    package enum Treatment: String, Hashable, Codable, Sendable, CaseIterable {
        /// Gated while the path changes it, and only then.
        case auto
        /// Never gated; what the path does to it is reported.
        case allow
        /// Gated whatever the path does.
        case deny
        /// Off unless the path is known to leave it alone: ECN only.
        case proven
    }

    /// What differs from `auto`.
    package var treatments: [PathExtension: Treatment]
    /// The MSS, in bytes, that a gated path is held to: 88 to 9000. 1220 fits the smallest link of IPv6 (1280 bytes).
    package var mssBytes: Int
    /// From one probe of a path to the next: 1 s to 7 d.
    package var retestEvery: Span
    /// Throughput may fall by this much, in percent of what it was before the gate, before the gate is rolled back: 1
    /// to 90.
    package var tolerancePercent: Int

    package static let mssRange = 88...9000
    package static let retestRange = Span.seconds(1)...Span.seconds(7 * 86_400)
    package static let toleranceRange = 1...90

    package init(
        treatments: [PathExtension: Treatment] = [:], mssBytes: Int = 1220, retestEvery: Span = .seconds(600),
        tolerancePercent: Int = 10
    ) {
        self.treatments = treatments.filter { $0.value != .auto }
        self.mssBytes = mssBytes
        self.retestEvery = retestEvery
        self.tolerancePercent = tolerancePercent
    }

    package func treatment(_ subject: PathExtension) -> Treatment { treatments[subject] ?? .auto }
}
