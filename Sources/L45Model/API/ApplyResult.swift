/// What an apply did, or with `dryRun` would do.
package struct ApplyResult: Hashable, Codable, Sendable {
    package enum Outcome: String, Hashable, Codable, Sendable, CaseIterable {
        case created, configured, unchanged, pruned
    }

    /// What became of one intent.
    package struct Intent: Hashable, Codable, Sendable {
        package var name: IntentName
        package var outcome: Outcome
        /// The revision afterwards; of a pruned intent its last one.
        package var revision: Generation
        package init(name: IntentName, outcome: Outcome, revision: Generation) {
            self.name = name
            self.outcome = outcome
            self.revision = revision
        }
    }

    package var dryRun: Bool
    /// In the order of the sources, pruned ones last.
    package var intents: [Intent]
    /// Rendered as in `APIFailure.diagnostics`; none of them stops the apply.
    package var warnings: [String]
    /// Devices whose plan changes, sorted by name; a device that is not here keeps its plan.
    package var devices: [DeviceDiff]
    /// What became of the inventory beside the intents; nil: there was none.
    package var declared: DeclareResult?

    package init(dryRun: Bool, intents: [Intent], warnings: [String] = [], devices: [DeviceDiff] = []) {
        self.dryRun = dryRun
        self.intents = intents
        self.warnings = warnings
        self.devices = devices
    }

    /// Whether anything differs from what was: the answer of `l45 diff`.
    package var differs: Bool {
        intents.contains { $0.outcome != .unchanged } || !devices.isEmpty || declared?.differs ?? false
    }
}
