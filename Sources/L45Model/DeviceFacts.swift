/// What a device says of itself at check-in.
package struct DeviceFacts: Hashable, Codable, Sendable {
    /// Host name, for people; not an identity.
    package var name: String
    /// Labels that selectors match; the operator's own win over the agent's.
    package var labels: [String: String]
    /// Addresses of its own, for the tap_sockets of its peers.
    package var addresses: [AddressBlock]
    package var taps: [TapKind]
    package var kernelRelease: String
    package var agentVersion: String
    /// TCP ports of services beside which it answers HICCUPS probes, sorted; nil: none.
    package var responds: [UInt16]?

    package init(
        name: String, labels: [String: String] = [:], addresses: [AddressBlock] = [], taps: [TapKind] = [.preload],
        kernelRelease: String = "", agentVersion: String = "", responds: [UInt16]? = nil
    ) {
        self.name = name
        self.labels = labels
        self.addresses = addresses
        self.taps = taps
        self.kernelRelease = kernelRelease
        self.agentVersion = agentVersion
        self.responds = responds
    }
}

/// A device as the fleet knows it.
package struct Device: Hashable, Codable, Sendable {
    package var id: DeviceID
    package var facts: DeviceFacts
    package init(id: DeviceID, facts: DeviceFacts) {
        self.id = id
        self.facts = facts
    }
}
