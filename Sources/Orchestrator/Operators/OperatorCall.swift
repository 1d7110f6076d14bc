import L45Model

/// The operator's request that is being carried out, and the devices that it may reach.
struct OperatorCall: Sendable {
    /// The orchestrator's own work is done under `.process`: schedules and passes have no bounds.
    @TaskLocal static var current: OperatorCall = OperatorCall(caller: .process, devices: nil)

    let caller: Caller
    /// nil: all.
    let devices: Set<DeviceID>?
}
