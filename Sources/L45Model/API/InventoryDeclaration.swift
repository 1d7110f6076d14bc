/// A device as files declare it: who it is, and what operators label it with.
package struct DeclaredDevice: Hashable, Codable, Sendable {
    /// The name that its agent says.
    package var name: String
    /// Its id, or nil: whichever one device says the name.
    package var id: DeviceID?
    /// Those of its groups among them.
    package var labels: [String: String]
    /// Sorted.
    package var groups: [String]
    /// The file.
    package var origin: String

    package static let devicesMax = 10_000
    package static let labelsMax = 64
    package static let charactersMax = 253

    package init(
        name: String, id: DeviceID? = nil, labels: [String: String] = [:], groups: [String] = [], origin: String
    ) {
        self.name = name
        self.id = id
        self.labels = labels
        self.groups = groups.sorted()
        self.origin = origin
    }
}

/// Devices to be declared, all or none.
package struct DeclareRequest: Hashable, Codable, Sendable {
    package var devices: [DeclaredDevice]
    /// Take back what was declared of every other device.
    package var prune: Bool
    /// Say what would change, and change nothing.
    package var dryRun: Bool
    package init(devices: [DeclaredDevice], prune: Bool = false, dryRun: Bool = false) {
        self.devices = devices
        self.prune = prune
        self.dryRun = dryRun
    }
}

/// What a declaration did, or with `dryRun` would do.
package struct DeclareResult: Hashable, Codable, Sendable {
    package struct Outcome: Hashable, Codable, Sendable {
        package var name: String
        package var outcome: ApplyResult.Outcome
        /// The enrolled device that it is of; nil: none yet, or the name is not enough to tell.
        package var device: DeviceID?
        package init(name: String, outcome: ApplyResult.Outcome, device: DeviceID?) {
            self.name = name
            self.outcome = outcome
            self.device = device
        }
    }

    package var dryRun: Bool
    /// In the order of the request, pruned ones last.
    package var devices: [Outcome]
    /// Names that two devices say.
    package var warnings: [String]
    /// Enrolled devices that no file names afterwards, by name; sorted.
    package var undeclared: [String]

    package init(dryRun: Bool, devices: [Outcome], warnings: [String], undeclared: [String]) {
        self.dryRun = dryRun
        self.devices = devices
        self.warnings = warnings
        self.undeclared = undeclared
    }

    package var differs: Bool { devices.contains { $0.outcome != .unchanged } }
}
