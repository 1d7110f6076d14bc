package import L45Model
package import Reconciler

/// What the orchestrator knows of its fleet, in memory: the CIB's content and the connections of the moment.
///
/// A value with no clock and no socket. The shell (`OrchestratorService`) feeds it events and asks it for snapshots.
package struct FleetState: Sendable {
    package private(set) var devices: [DeviceID: DeviceSnapshot] = [:]
    package private(set) var intents: [IntentName: IntentRecord] = [:]
    package private(set) var statuses: [FlowName: RolloutStatus] = [:]
    package var policy: RolloutPolicy
    /// How editions go round, by `IntentBook.strategies`.
    package var strategies: [IntentName: RolloutStrategy] = [:]
    /// Intents that the present level has not in force, by `IntentBook.resting`.
    package var resting: Set<IntentName> = []
    /// Devices of which something was seen or decided, and that nobody has looked at since.
    private var touched: Set<DeviceID> = []

    package init(policy: RolloutPolicy) { self.policy = policy }

    /// What a pass of the reconciler may know.
    package var snapshot: FleetSnapshot {
        FleetSnapshot(
            devices: devices, paused: Set(intents.values.lazy.filter(\.paused).map(\.name)), statuses: statuses,
            policy: policy, strategies: strategies, resting: resting)
    }

    // MARK: What comes from the CIB

    package mutating func load(
        _ device: Device, plan: DevicePlan?, table: DeviceTable?, report: DeviceReport?, now: Timestamp
    ) {
        devices[device.id] = DeviceSnapshot(
            device: device, plan: plan, table: table?.sharing(plan), report: report, link: .away(since: now),
            sentAt: nil,
            tableDigest: try? table?.contentDigest())
        touched.insert(device.id)
    }

    package mutating func load(_ statuses: [RolloutStatus]) {
        for status in statuses { self.statuses[status.flow] = status }
    }

    package mutating func put(_ record: IntentRecord) { intents[record.name] = record }
    package mutating func remove(_ intent: IntentName) { intents[intent] = nil }

    /// The complete new set of plans: a device without one is to run nothing.
    package mutating func adopt(_ plans: [DevicePlan]) {
        let byDevice = Dictionary(plans.map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
        for id in devices.keys {
            let plan = byDevice[id]
            devices[id]?.plan = plan
            if let table = devices[id]?.table?.sharing(plan) { devices[id]?.table = table }
        }
    }

    // MARK: What comes from the devices

    /// - Returns: whether the device is new, or its facts differ from those known, so that plans may change.
    package mutating func connected(_ device: Device, ledger: Generation, now: Timestamp) -> Bool {
        let known = devices[device.id]
        devices[device.id] = DeviceSnapshot(
            device: device, plan: known?.plan, table: known?.table, report: known?.report,
            link: .connected(since: now, reported: false), sentAt: nil, tableDigest: known?.tableDigest,
            ledgerGeneration: ledger)
        touched.insert(device.id)
        return known?.device != device
    }

    package mutating func disconnected(_ id: DeviceID, now: Timestamp) {
        devices[id]?.link = .away(since: now)
        devices[id]?.sentAt = nil
        touched.insert(id)
    }

    package mutating func reported(_ report: DeviceReport, now: Timestamp) {
        guard case .connected(let since, _) = devices[report.device]?.link else { return }
        devices[report.device]?.report = report
        devices[report.device]?.link = .connected(since: since, reported: true)
        devices[report.device]?.heardAt = now
        touched.insert(report.device)
    }

    package mutating func refused(_ id: DeviceID, _ generation: Generation, reason: String) {
        devices[id]?.refusal = DeviceSnapshot.Refusal(generation: generation, reason: reason)
        touched.insert(id)
    }

    package mutating func relabel(_ id: DeviceID, labels: [String: String]) {
        devices[id]?.device.facts.labels = labels
    }

    package mutating func forget(_ id: DeviceID) {
        devices[id] = nil
        touched.insert(id)
    }

    /// Devices of which something happened since this was asked last, the forgotten among them.
    package mutating func takeTouched() -> Set<DeviceID> {
        defer { touched.removeAll(keepingCapacity: true) }
        return touched
    }

    // MARK: What the reconciler decides

    package mutating func decided(_ table: DeviceTable) {
        devices[table.device]?.table = table
        devices[table.device]?.tableDigest = try? table.contentDigest()
        devices[table.device]?.sentAt = nil
        touched.insert(table.device)
    }

    package mutating func sent(_ id: DeviceID, now: Timestamp) { devices[id]?.sentAt = now }
    package mutating func show(_ status: RolloutStatus) { statuses[status.flow] = status }
    package mutating func forget(_ flow: FlowName) { statuses[flow] = nil }

    // MARK: Questions

    /// Whether every flow of the intent is settled, so that the next rotation may begin.
    package func isSettled(_ intent: IntentName) -> Bool {
        statuses.values.allSatisfy { $0.intent != intent || $0.phase == .settled }
    }

    /// Intents with a rotation under way.
    package var unsettled: Set<IntentName> {
        Set(statuses.values.lazy.filter { $0.phase != .settled }.map(\.intent))
    }

    /// Devices whose taps have reported over their present connection.
    package var reporting: Int {
        devices.values.reduce(into: 0) { count, device in
            if case .connected(_, reported: true) = device.link { count += 1 }
        }
    }

    /// Every module that a plan or a table of this device holds, by id.
    package func knownModules(_ id: DeviceID) -> [ModuleID: ModulePlan] {
        var modules: [ModuleID: ModulePlan] = [:]
        for entry in devices[id]?.table?.modules ?? [] { modules[entry.plan.id] = entry.plan }
        for plan in devices[id]?.plan?.modules ?? [] { modules[plan.id] = plan }
        return modules
    }
}
