/// A flow on its way to the edition that its plans ask for.
package struct RolloutView: Hashable, Codable, Sendable {
    package var intent: IntentName
    package var flow: FlowName
    /// nil: the flow is being withdrawn.
    package var epoch: Epoch?
    package var phase: RolloutPhase
    package var paused: Bool
    /// Devices that the phase waits for, and what for.
    package var waiting: [Waiting]
    /// When this phase was entered.
    package var since: APITime?

    package struct Waiting: Hashable, Codable, Sendable {
        package var device: DeviceID
        package var deviceName: String
        package var reason: String
        package init(device: DeviceID, deviceName: String, reason: String) {
            self.device = device
            self.deviceName = deviceName
            self.reason = reason
        }
    }

    /// - Parameter names: names of devices; one that is missing is shown by its id.
    package init(_ status: RolloutStatus, names: [DeviceID: String]) {
        intent = status.intent
        flow = status.flow
        epoch = status.epoch
        phase = status.phase
        paused = status.paused
        waiting = status.waiting.map {
            Waiting(device: $0.device, deviceName: names[$0.device] ?? "\($0.device)", reason: $0.reason)
        }
        since = APITime(known: status.since)
    }
}
