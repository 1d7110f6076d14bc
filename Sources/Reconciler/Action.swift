package import L45Model

/// One effect for the shell to carry out, in the order given. Each may be done twice without harm.
package enum Action: Hashable, Sendable {
    /// Store this table as the device's last decided one. Always precedes its `send`.
    case decide(DeviceTable)
    /// Send the device its last decided table, which has this generation.
    case send(DeviceID, Generation)
    /// Show this as the flow's standing. Only when it differs from the one in the snapshot.
    case status(RolloutStatus)
    /// The flow is gone from plans and taps alike: forget its standing.
    case forget(FlowName)
    /// Add to the trail of events.
    case note(Event)
}
