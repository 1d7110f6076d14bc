import L45Model
import Reconciler

/// What one pass decides for one flow with one module per device and edition, for every state that can be reached: the
/// table that the model in `Models/rotation` is held against.
///
/// A row reads `want | decided | confirmed | lasted | next`: the edition wanted (0 none), per device the states of
/// editions 1 and 2 (0 absent, 1 standby, 2 active, 3 deprecated), per device whether its tap confirmed them, whether the
/// drain bound has passed, and what is decided then.
struct TransitionTable {
    let devices: Int
    /// The first so many devices are clients, the rest servers.
    let clients: Int

    typealias States = [[Int]]
    private static let names: [ModuleState?] = [nil, .standby, .active, .deprecated]
    private let now = Timestamp(1_750_000_000_000)

    /// All rows, sorted: from nothing and from edition 1 in force, with every want, confirmation and clock.
    func rows() -> [String] {
        var rows: Set<String> = []
        var seen: Set<States> = []
        var open: [States] = [
            Array(repeating: [0, 0], count: devices), Array(repeating: [2, 0], count: devices),
        ]
        while let states = open.popLast() {
            guard seen.insert(states).inserted else { continue }
            for want in 0...2 {
                for confirmed in 0..<(1 << devices) {
                    for lasted in [false, true] {
                        let bits = (0..<devices).map { confirmed & (1 << $0) != 0 }
                        let next = decide(want: want, states: states, confirmed: bits, lasted: lasted)
                        rows.insert(
                            "\(want) | \(text(states)) | \(bits.map { $0 ? "1" : "0" }.joined()) | \(lasted ? 1 : 0) | "
                                + text(next))
                        open.append(next)
                    }
                }
            }
        }
        return rows.sorted()
    }

    private func text(_ states: States) -> String {
        states.map { "\($0[0])\($0[1])" }.joined(separator: " ")
    }

    private func decide(want: Int, states: States, confirmed: [Bool], lasted: Bool) -> States {
        var flow = SimFlow(
            "dns/1", clients: (1...clients).map(SimDevice.id), servers: (clients + 1...devices).map(SimDevice.id))
        flow.namesPeers = false
        let editions = [flow.edition(1), flow.edition(2)]
        var snapshots: [DeviceID: DeviceSnapshot] = [:]
        for (at, device) in (1...devices).map(SimDevice.id).enumerated() {
            let entries = editions.indices.flatMap { edition -> [ModuleEntry] in
                guard let state = Self.names[states[at][edition]] else { return [] }
                return editions[edition].modules(of: device).map { ModuleEntry(plan: $0, state: state) }
            }
            let table = DeviceTable(device: device, generation: Generation(7), modules: entries)
            let report = DeviceReport(
                device: device, takenAt: now, bootID: "boot", tap: .simulated, generation: table.generation,
                tableDigest: try? table.contentDigest(),
                modules: table.modules.map { ModuleReport(id: $0.plan.id, state: $0.state) })
            let plan =
                want == 0
                ? nil : DevicePlan(device: device, modules: editions[want - 1].modules(of: device))
            snapshots[device] = DeviceSnapshot(
                device: Device(id: device, facts: DeviceFacts(name: "\(device)")), plan: plan, table: table,
                report: report,
                link: .connected(since: now, reported: confirmed[at]), sentAt: now)
        }
        let policy = RolloutPolicy(brakeDevicesMin: devices + 1)
        let standing = RolloutStatus(
            intent: flow.intent, flow: flow.name, epoch: want == 0 ? nil : Epoch(UInt32(want)), phase: .drain,
            paused: false,
            waiting: [], since: lasted ? now + .milliseconds(-policy.drainBound.milliseconds) : now)
        let snapshot = FleetSnapshot(devices: snapshots, statuses: [flow.name: standing], policy: policy)
        var next = states
        for case .decide(let table) in Reconciler.step(snapshot, now: now) {
            guard let at = (1...devices).map(SimDevice.id).firstIndex(of: table.device) else { continue }
            next[at] = editions.map { edition in
                let state = edition.modules(of: table.device).first.flatMap { table.entry($0.id)?.state }
                return Self.names.firstIndex(of: state) ?? -1
            }
        }
        return next
    }
}
