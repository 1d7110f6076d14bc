package import L45Model

/// All that a compilation depends on: the same input gives the same bytes, in whatever order it is given.
package struct CompilerInput: Sendable {
    package struct Entry: Hashable, Sendable {
        package var intent: Intent
        /// The edition of its dialects. The caller moves it on at each rotation and at each change of the document: a module's
        /// id is derived from it, and an id never stands for two contents on the wire.
        package var epoch: Epoch
        /// Devices that take no part in it, whatever it selects.
        package var excluded: Set<DeviceID>
        package init(_ intent: Intent, epoch: Epoch, excluded: Set<DeviceID> = []) {
            self.intent = intent
            self.epoch = epoch
            self.excluded = excluded
        }
    }

    package var entries: [Entry]
    package var devices: [Device]
    /// All keys are derived from it. At least 32 bytes.
    package var rootSecret: Secret

    package init(entries: [Entry], devices: [Device], rootSecret: Secret) {
        self.entries = entries
        self.devices = devices
        self.rootSecret = rootSecret
    }
}

/// What a compilation makes.
package struct Compilation: Hashable, Sendable {
    /// One for each device that gets a module, sorted by device. Intents with an error have no module in any of them: a
    /// caller that finds one in `refused` keeps the plans that it has.
    package var plans: [DevicePlan]
    /// One for each device that guards a path or answers one that does, sorted by device.
    package var paths: [DevicePaths]
    package var diagnostics: [Diagnostic]
    package var refused: Set<IntentName>
    /// One for each intent, sorted by name.
    package var summaries: [IntentSummary]

    package init(
        plans: [DevicePlan], paths: [DevicePaths], diagnostics: [Diagnostic], refused: Set<IntentName>,
        summaries: [IntentSummary]
    ) {
        self.plans = plans
        self.paths = paths
        self.diagnostics = diagnostics
        self.refused = refused
        self.summaries = summaries
    }
}

/// What an intent comes to on this fleet, for `l45 describe intent`.
package struct IntentSummary: Hashable, Codable, Sendable {
    package struct Flow: Hashable, Codable, Sendable {
        package var name: FlowName
        /// `dig udp/53`.
        package var subject: String
        package var dialect: Dialect
        /// What the dialect costs, in words.
        package var growth: String
        package var directions: ModulePlan.Directions
        /// Sorted.
        package var clients: [DeviceID]
        package var servers: [DeviceID]
        /// Flows of other intents that are composed into it, in their order.
        package var stages: [FlowName]
    }

    package var name: IntentName
    package var epoch: Epoch
    /// The selectors in their string form.
    package var clients: String
    package var servers: String
    package var rotation: Rotation?
    package var flows: [Flow]
    /// An error keeps it from every device.
    package var isRefused: Bool
}
