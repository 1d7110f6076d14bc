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
    /// The wave under way; nil: the rollout has none, or is over.
    package var wave: Wave?
    /// Why it goes no further by itself; nil: it does.
    package var halted: Halt?
    /// What comes next, and not before when; nil: nothing.
    package var next: String?
    package var nextAt: APITime?
    /// When it is halted if it is not done by then.
    package var haltsAt: APITime?
    /// The level of the posture that is in force has it not: it is understood everywhere and sent by nobody.
    package var standby: Bool?
    /// `Settled`, and `Paused`, `Halted` where it is.
    package var conditions: [Condition]?

    package struct Wave: Hashable, Codable, Sendable {
        /// From 1: clients' waves, then servers'.
        package var number: Int
        package var count: Int
    }

    package struct Halt: Hashable, Codable, Sendable {
        package var cause: RolloutCourse.Halt.Cause
        package var reason: String
        package var at: APITime?
        package init(cause: RolloutCourse.Halt.Cause, reason: String, at: APITime?) {
            self.cause = cause
            self.reason = reason
            self.at = at
        }
    }

    package struct Waiting: Hashable, Codable, Sendable {
        package var device: DeviceID
        package var deviceName: String
        package var reason: String
        /// How long it has been so.
        package var since: APITime?
        /// What the orchestrator does about it, and when.
        package var next: String?
        package var nextAt: APITime?
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
        standby = status.rest == .standby ? true : nil
        wave = status.course.map { Wave(number: $0.wave + 1, count: $0.waves) }
        halted = status.course?.halt.map { Halt(cause: $0.cause, reason: $0.reason, at: APITime(known: $0.at)) }
    }
}
