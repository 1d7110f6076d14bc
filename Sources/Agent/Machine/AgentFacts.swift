package import L45Model

/// What an agent knows of itself from its start to its end.
package struct AgentFacts: Hashable, Sendable {
    package var device: DeviceID
    package var facts: DeviceFacts
    /// The kernel's boot id.
    package var bootID: String
    package var tap: TapKind

    package init(device: DeviceID, facts: DeviceFacts, bootID: String, tap: TapKind) {
        self.device = device
        self.facts = facts
        self.bootID = bootID
        self.tap = tap
    }
}
