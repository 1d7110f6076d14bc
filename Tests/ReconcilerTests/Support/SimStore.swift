import L45Model
import Reconciler

/// What the orchestrator keeps on disk, and what it knows while it runs.
struct SimStore {
    var plans: [DeviceID: DevicePlan] = [:]
    var tables: [DeviceID: DeviceTable] = [:]
    var digests: [DeviceID: Digest] = [:]
    var reports: [DeviceID: DeviceReport] = [:]
    var statuses: [FlowName: RolloutStatus] = [:]
    var paused: Set<IntentName> = []
    var strategies: [IntentName: RolloutStrategy] = [:]
    /// What the present level has not in force.
    var resting: Set<IntentName> = []
}

/// Lost with the process.
struct SimSession {
    var links: [DeviceID: DeviceSnapshot.Link] = [:]
    var sentAt: [DeviceID: Timestamp] = [:]
    var ledgers: [DeviceID: Generation] = [:]
    var refusals: [DeviceID: DeviceSnapshot.Refusal] = [:]
    var heardAt: [DeviceID: Timestamp] = [:]
}
