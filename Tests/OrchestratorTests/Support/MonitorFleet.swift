import Foundation
import L45Model
import Orchestrator
import Reconciler

/// A fleet of values for the monitor: a client and a server of one settled flow, without sockets or a clock of its own.
struct MonitorFleet {
    static let noon = Timestamp(1_790_000_000_000)
    static let dns = IntentName("dns")
    static let flow = FlowName("dns/0")

    var fleet = FleetState(policy: RolloutPolicy(drainBound: .seconds(30)))
    var monitor: FleetMonitor
    var now = noon
    var trusts = PathTrustBook()
    var misfits: [IntentName: String] = [:]
    var intents: Set<IntentName> = [dns]

    init(bounds: MonitorBounds = MonitorBounds()) {
        monitor = FleetMonitor(bounds: bounds)
        add("laptop", .client)
        add("dns-1", .server)
        settle()
    }

    static func module(_ device: String, epoch: UInt32 = 1) -> ModuleID {
        ModuleID(UInt64(Digest(of: Data(device.utf8)).hex.prefix(7), radix: 16).map { $0 << 8 | UInt64(epoch) } ?? 0)
    }

    static func plan(
        _ device: String, _ role: ModulePlan.Role, epoch: UInt32 = 1, underTest: Bool = false
    ) -> ModulePlan {
        ModulePlan(
            id: module(device, epoch: epoch), intent: dns, flow: flow, epoch: Epoch(epoch), role: role,
            directions: ModulePlan.Directions(request: true, response: false),
            tapSocket: TapSocket(transport: .udp), dialect: .datagram(DatagramTag(place: .front)),
            dialectSecret: Secret([1]), initKey: Secret([2]), underTest: underTest)
    }

    mutating func add(_ name: String, _ role: ModulePlan.Role, state: ModuleState = .active, underTest: Bool = false) {
        let id = DeviceID(name)
        let plan = Self.plan(name, role, underTest: underTest)
        let device = Device(id: id, facts: DeviceFacts(name: name))
        fleet.load(
            device, plan: DevicePlan(device: id, modules: [plan]),
            table: DeviceTable(
                device: id, generation: Generation(1), modules: [ModuleEntry(plan: plan, state: state)]),
            report: nil, now: now)
        _ = fleet.connected(device, ledger: Generation(1), now: now)
        report(name) { _ in }
    }

    mutating func settle(_ phase: RolloutPhase = .settled, epoch: UInt32 = 1) {
        fleet.show(
            RolloutStatus(
                intent: Self.dns, flow: Self.flow, epoch: Epoch(epoch), phase: phase, paused: false, waiting: [],
                since: now))
    }

    /// A report as the tap of a device that does what it was told would send it, changed by `body`.
    mutating func report(_ name: String, _ body: (inout DeviceReport) -> Void) {
        let id = DeviceID(name)
        guard let known = fleet.devices[id] else { return }
        var report =
            known.report
            ?? DeviceReport(
                device: id, takenAt: now, bootID: "boot", tap: .simulated, generation: .none, tableDigest: nil,
                modules: [])
        report.takenAt = now
        report.generation = known.table?.generation ?? .none
        report.modules = (known.table?.modules ?? []).map { entry in
            var module = report.module(entry.plan.id) ?? ModuleReport(id: entry.plan.id, state: entry.state)
            module.state = entry.state
            module.enforcing = entry.enforcing
            return module
        }
        report.problems = []
        body(&report)
        monitor.took(report, of: known, now: now)
        fleet.reported(report, now: now)
    }

    /// Both ends report, having sent and received so many more.
    mutating func traffic(sent: UInt64, received: UInt64) {
        report("laptop") { $0.modules[0].statistics.messagesSent += sent }
        report("dns-1") { $0.modules[0].statistics.messagesReceived += received }
    }

    mutating func wait(_ seconds: Int64) { now = now + .seconds(seconds) }

    var sight: MonitorSight {
        MonitorSight(fleet: fleet, intents: intents, misfits: misfits, trusts: trusts)
    }

    @discardableResult
    mutating func look() -> [AlertFinding] { monitor.look(sight, now: now).sorted { $0.key < $1.key } }

    var kinds: [AlertKind] {
        mutating get { look().map(\.kind) }
    }

    /// What the monitor says of an alert that it raised and does not find any more.
    func whyOver(_ finding: AlertFinding) -> String? {
        monitor.whyOver(Alert(AlertID(1), finding, at: Self.noon), sight, now: now)
    }
}
