package import L45Model
package import Reconciler

/// Since when what is said of devices, their modules and paths has been so.
///
/// A value. It knows what this orchestrator has seen happen: after a restart, the first word of a device counts as the change.
package struct StandingClock: Sendable {
    /// A status, and when it became that.
    struct Mark: Hashable, Sendable {
        var status: Condition.Status
        var since: Timestamp

        static func following(_ old: Mark?, _ status: Condition.Status, now: Timestamp) -> Mark {
            if let old, old.status == status { return old }
            return Mark(status: status, since: now)
        }
    }

    private struct Marks {
        var upToDate: Mark
        var healthy: Mark
        var modules: [ModuleID: Mark]
    }

    private var devices: [DeviceID: Marks] = [:]
    private var paths: [DeviceID: Mark] = [:]

    package init() {}

    /// Looks at a device of which something may have changed.
    package mutating func follow(_ device: DeviceSnapshot, now: Timestamp) {
        let old = devices[device.device.id]
        let told = device.report?.modules ?? []
        let places = Dictionary(told.indices.map { (told[$0].id, $0) }, uniquingKeysWith: { first, _ in first })
        var modules: [ModuleID: Mark] = [:]
        for entry in device.table?.modules ?? [] {
            let id = entry.plan.id
            let status = ModuleStanding(entry, places[id].map { told[$0] }, on: device).status
            modules[id] = .following(old?.modules[id], status, now: now)
        }
        devices[device.device.id] = Marks(
            upToDate: .following(old?.upToDate, Self.isUpToDate(device) ? .yes : .no, now: now),
            healthy: .following(old?.healthy, Self.health(device), now: now), modules: modules)
    }

    /// Looks at the paths of a device of which something may have changed.
    package mutating func follow(_ id: DeviceID, _ device: PathDevice, now: Timestamp) {
        paths[id] = .following(paths[id], PathConfirmation(device).status, now: now)
    }

    package mutating func forget(_ id: DeviceID) {
        devices[id] = nil
        paths[id] = nil
    }

    private static func isUpToDate(_ device: DeviceSnapshot) -> Bool {
        (device.report?.generation ?? Generation.none) == (device.table?.generation ?? Generation.none)
    }

    private static func health(_ device: DeviceSnapshot) -> Condition.Status {
        device.report.map { $0.problems.isEmpty ? .yes : .no } ?? .unknown
    }

    // MARK: Questions

    /// nil: it was not seen to become this.
    func since(_ module: ModuleID, on device: DeviceID, _ status: Condition.Status) -> Timestamp? {
        Self.since(devices[device]?.modules[module], status)
    }

    func sinceUpToDate(_ device: DeviceID, _ status: Condition.Status) -> Timestamp? {
        Self.since(devices[device]?.upToDate, status)
    }

    func sinceHealthy(_ device: DeviceID, _ status: Condition.Status) -> Timestamp? {
        Self.since(devices[device]?.healthy, status)
    }

    func sincePathsConfirmed(_ device: DeviceID, _ status: Condition.Status) -> Timestamp? {
        Self.since(paths[device], status)
    }

    private static func since(_ mark: Mark?, _ status: Condition.Status) -> Timestamp? {
        mark.flatMap { $0.status == status ? $0.since : nil }
    }
}
