package import L45Model
import Reconciler

/// Which devices are asked for a report out of turn, since a rollout waits for what they say. Pure.
///
/// A drain is over by what reports say of the old dialect's last use, and a soak is judged by every end of the flow. With a
/// bound shorter than the time between reports, devices are asked, so that the bound decides how long it takes and not the
/// reports' rhythm: as the bound ends, for what is said before decides nothing.
package struct ReportAsks: Sendable {
    /// When each device was last asked for what is waited for now.
    private var askedAt: [DeviceID: Timestamp] = [:]

    package init() {}

    /// Between two asks of one device. At most 2,000 devices are asked a second: each answer is a row to write.
    package static func pause(drainBound: Span, connected: Int) -> Span {
        max(.milliseconds(250), .milliseconds(drainBound.milliseconds / 8), .milliseconds(Int64(connected) / 2))
    }

    /// - Parameter connected: devices that can be asked.
    /// - Returns: those to be asked now, sorted; they count as asked.
    package mutating func due(_ fleet: FleetState, connected: some Collection<DeviceID>, now: Timestamp) -> [DeviceID] {
        let bound = fleet.policy.drainBound
        let pause = Self.pause(drainBound: bound, connected: connected.count)
        var drained: Set<FlowName> = []
        var soaked: Set<FlowName> = []
        for status in fleet.statuses.values {
            if status.phase == .drain, now >= status.since + bound + .milliseconds(-pause.milliseconds) {
                drained.insert(status.flow)
            }
            if let since = status.course?.soaking, let strategy = fleet.strategies[status.intent],
                now >= since + strategy.soak
            {
                soaked.insert(status.flow)
            }
        }
        guard !drained.isEmpty || !soaked.isEmpty else {
            askedAt.removeAll()
            return []
        }
        let due = connected.filter { id in
            let isWaitedFor =
                fleet.devices[id]?.table?.modules.contains {
                    ($0.state == .deprecated && drained.contains($0.plan.flow)) || soaked.contains($0.plan.flow)
                } ?? false
            return isWaitedFor && askedAt[id].map { now >= $0 + pause } ?? true
        }
        for id in due { askedAt[id] = now }
        return due.sorted()
    }

    package mutating func forget(_ id: DeviceID) { askedAt[id] = nil }
}
