/// A path on its device: `INTENT/DESTINATION`, `wan/10.2.0.0/24`. Says both, so that it stays the same however the intent's
/// other paths change.
package struct PathName: Identifier {
    package let rawValue: String
    package init(_ rawValue: String) { self.rawValue = rawValue }
    package init(_ intent: IntentName, _ destination: AddressBlock) { rawValue = "\(intent)/\(destination)" }

    /// The intent that asked for it.
    package var intent: IntentName { IntentName(String(rawValue.prefix { $0 != "/" })) }
}

/// One path that one device guards: what the compiler makes of `guard paths`.
package struct PathPlan: Hashable, Codable, Sendable {
    package var name: PathName
    package var intent: IntentName
    /// Whom the gates are for.
    package var destination: AddressBlock
    package var policy: PathPolicy
    /// One address within the destination: who is probed.
    package var probe: AddressBlock
    /// TCP port of the probes. 1 to 65535.
    package var port: UInt16
    /// TCP port at the probed address where its agent takes test transfers; nil where it has no agent of the fleet.
    package var ratePort: UInt16?
    /// Devices of the fleet within the destination, which can be told to gate. Sorted.
    package var far: [DeviceID]

    package init(
        intent: IntentName, destination: AddressBlock, policy: PathPolicy, probe: AddressBlock, port: UInt16,
        ratePort: UInt16?, far: [DeviceID]
    ) {
        name = PathName(intent, destination)
        self.intent = intent
        self.destination = destination
        self.policy = policy
        self.probe = probe
        self.port = port
        self.ratePort = ratePort
        self.far = far.sorted()
    }
}

/// What a device answers others on, so that they can look at their paths to it.
package struct PathAnswer: Hashable, Codable, Sendable {
    /// Probes are answered here.
    package var port: UInt16
    /// Test transfers are taken here.
    package var ratePort: UInt16
    /// Addresses of the devices that look: no other may transfer. Sorted.
    package var openers: [AddressBlock]

    package init(port: UInt16, ratePort: UInt16, openers: [AddressBlock]) {
        self.port = port
        self.ratePort = ratePort
        self.openers = openers
    }
}

/// What one device is to guard and to answer: the contract between the compiler and the orchestrator.
package struct DevicePaths: Hashable, Codable, Sendable {
    package let device: DeviceID
    /// Sorted by name.
    package let paths: [PathPlan]
    /// Sorted by port.
    package let answers: [PathAnswer]

    package init(device: DeviceID, paths: [PathPlan], answers: [PathAnswer] = []) {
        self.device = device
        self.paths = paths.sorted { $0.name < $1.name }
        self.answers = answers.sorted { $0.port < $1.port }
    }

    package var isEmpty: Bool { paths.isEmpty && answers.isEmpty }
}
