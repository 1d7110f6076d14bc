package import L45Model
package import Reconciler

/// The paths of the fleet, in memory: the CIB's content and the connections of the moment. A value.
package struct PathFleet: Sendable {
    package private(set) var devices: [DeviceID: PathDevice] = [:]
    /// Devices of which something was seen or decided, and that nobody has looked at since.
    private var touched: Set<DeviceID> = []

    package init() {}

    // MARK: What comes from the CIB

    package mutating func load(_ device: Device, table: PathTable?, report: PathReport?) {
        devices[device.id] = PathDevice(addresses: device.facts.addresses, table: table, report: report)
        touched.insert(device.id)
    }

    /// The complete new set of plans: a device without one is to guard and answer nothing.
    package mutating func adopt(_ plans: [DevicePaths]) {
        let byDevice = Dictionary(plans.map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
        for id in devices.keys { devices[id]?.plan = byDevice[id] }
    }

    // MARK: What comes from the devices

    /// - Parameter kept: the generation that the agent keeps; nil: it knows no paths.
    package mutating func connected(_ device: Device, kept: Generation?) {
        var known = devices[device.id] ?? PathDevice(addresses: [])
        known.addresses = device.facts.addresses
        known.link = kept == nil ? .speaksNone : .connected(reported: false)
        known.kept = kept ?? .none
        known.sentAt = nil
        devices[device.id] = known
        touched.insert(device.id)
    }

    package mutating func disconnected(_ id: DeviceID) {
        devices[id]?.link = .away
        touched.insert(id)
    }

    package mutating func reported(_ report: PathReport) {
        guard case .connected = devices[report.device]?.link else { return }
        devices[report.device]?.report = report
        devices[report.device]?.link = .connected(reported: true)
        touched.insert(report.device)
    }

    package mutating func forget(_ id: DeviceID) { devices[id] = nil }

    /// Devices of which something happened since this was asked last.
    package mutating func takeTouched() -> Set<DeviceID> {
        defer { touched.removeAll(keepingCapacity: true) }
        return touched
    }

    // MARK: What is decided

    package mutating func decided(_ table: PathTable) {
        devices[table.device]?.table = table
        devices[table.device]?.sentAt = nil
        touched.insert(table.device)
    }

    package mutating func sent(_ id: DeviceID, now: Timestamp) { devices[id]?.sentAt = now }

    // MARK: Questions

    /// The plans in force; right after a start, what the tables hold.
    package var plans: [DevicePaths] {
        devices.compactMap { id, device in
            device.plan
                ?? device.table.map { DevicePaths(device: id, paths: $0.paths, answers: $0.answers) }
        }.filter { !$0.isEmpty }
    }

    /// Devices whose paths this intent asks for, or still has.
    package func devices(of intent: IntentName) -> [DeviceID] {
        devices.filter { _, device in
            (device.plan?.paths ?? []).contains { $0.intent == intent }
                || (device.table?.paths ?? []).contains { $0.intent == intent }
                || (device.report?.paths ?? []).contains { $0.name.intent == intent }
        }.map(\.key)
    }

    /// Intents of which a device still has a path by its last word.
    package var present: Set<IntentName> {
        Set(devices.values.flatMap { $0.report?.paths ?? [] }.map(\.name.intent))
    }

    /// Something is sent and not confirmed, or waits for a far device.
    package var isUnsettled: Bool {
        devices.values.contains { device in
            guard case .connected = device.link else { return false }
            return !device.isConfirmed || (device.report?.paths ?? []).contains(where: \.isWaiting)
        }
    }
}
