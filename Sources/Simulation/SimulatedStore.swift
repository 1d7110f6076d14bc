import L45Model
import Orchestrator
import Reconciler

/// What the orchestrator's CIB holds: a value, so that a backup of it is a copy. Written as the real shell writes it, one
/// transaction at a time.
struct SimulatedStore {
    var records: [IntentName: IntentRecord] = [:]
    /// Records that withdrawn intents left.
    var gone: [IntentName: IntentRecord] = [:]
    var devices: [DeviceID: Device] = [:]
    var plans: [DeviceID: DevicePlan] = [:]
    var tables: [DeviceID: DeviceTable] = [:]
    var reports: [DeviceID: DeviceReport] = [:]
    var statuses: [FlowName: RolloutStatus] = [:]
    var posture: PostureStanding?

    /// The fleet as an orchestrator that starts finds it.
    func fleet(policy: RolloutPolicy, now: Timestamp) -> FleetState {
        var fleet = FleetState(policy: policy)
        for record in records.values { fleet.put(record) }
        for (id, device) in devices {
            fleet.load(device, plan: plans[id], table: tables[id], report: reports[id], now: now)
        }
        fleet.load(Array(statuses.values))
        return fleet
    }
}
