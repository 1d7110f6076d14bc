import L45Model
import Orchestrator
import Reconciler
import Testing

@Suite("Devices that a rollout waits for are asked, and not all the time")
struct ReportAskTests {
    private let start = Timestamp(1_750_000_000_000)
    private let flow = FlowName("dns/0")

    private func state(_ policy: RolloutPolicy, devices: Int) -> FleetState {
        var fleet = FleetState(policy: policy)
        for number in 0..<devices {
            let id = DeviceID("d\(number)")
            let plan = ModulePlan(
                id: ModuleID(UInt64(number + 1)), intent: "dns", flow: flow, epoch: .first, role: .client,
                tapSocket: TapSocket(transport: .udp), dialect: .datagram(DatagramTag(place: .front)),
                dialectSecret: Secret([UInt8](repeating: 1, count: 32)),
                initKey: Secret([UInt8](repeating: 2, count: 32)))
            fleet.load(
                Device(id: id, facts: DeviceFacts(name: id.rawValue)), plan: nil,
                table: DeviceTable(
                    device: id, generation: Generation(1), modules: [ModuleEntry(plan: plan, state: .deprecated)]),
                report: nil, now: start)
        }
        return fleet
    }

    private func standing(_ phase: RolloutPhase, course: RolloutCourse? = nil) -> RolloutStatus {
        RolloutStatus(
            intent: "dns", flow: flow, epoch: Epoch(2), phase: phase, paused: false, waiting: [], since: start,
            course: course)
    }

    /// When each device is asked, in milliseconds, with a pass every `every` of them.
    private func asks(_ fleet: FleetState, until: Int64, every: Int64 = 10) -> [DeviceID: [Int64]] {
        var asks = ReportAsks()
        var times: [DeviceID: [Int64]] = [:]
        for at in stride(from: 0, through: until, by: Int(every)) {
            for id in asks.due(fleet, connected: fleet.devices.keys, now: start + .milliseconds(Int64(at))) {
                times[id, default: []].append(Int64(at))
            }
        }
        return times
    }

    @Test("A drain of two minutes, with a pass every 10 ms: each device is asked twice, as the bound ends")
    func drain() {
        var fleet = state(RolloutPolicy(drainBound: .seconds(120)), devices: 3)
        fleet.show(standing(.drain))
        let asked = asks(fleet, until: 120_000)
        #expect(asked.count == 3)
        #expect(asked.values.allSatisfy { $0 == [105_000, 120_000] }, "\(asked)")
    }

    @Test("A device that keeps the drain waiting for an hour is asked every eighth of the bound, and no more often")
    func long() throws {
        var fleet = state(RolloutPolicy(drainBound: .seconds(120)), devices: 1)
        fleet.show(standing(.drain))
        let asked = try #require(asks(fleet, until: 3_600_000, every: 100).values.first)
        #expect(asked.count == (3_600_000 - 105_000) / 15_000 + 1)
        #expect(zip(asked, asked.dropFirst()).allSatisfy { $1 - $0 == 15_000 })
    }

    @Test("A short bound: every 250 ms at the most; a large fleet: 2,000 asks a second at the most")
    func bounds() throws {
        #expect(ReportAsks.pause(drainBound: .milliseconds(20), connected: 2) == .milliseconds(250))
        #expect(ReportAsks.pause(drainBound: .seconds(1), connected: 10_000) == .seconds(5))
        var fleet = state(RolloutPolicy(drainBound: .milliseconds(20)), devices: 1)
        fleet.show(standing(.drain))
        let asked = try #require(asks(fleet, until: 1_000, every: 1).values.first)
        #expect(asked == [0, 250, 500, 750, 1_000])
    }

    @Test("Nobody is asked in a phase that waits for confirmations: those come by themselves")
    func otherPhases() {
        for phase in RolloutPhase.allCases where phase != .drain {
            var fleet = state(RolloutPolicy(drainBound: .seconds(1)), devices: 2)
            fleet.show(standing(phase))
            #expect(asks(fleet, until: 10_000).isEmpty, "\(phase)")
        }
    }

    @Test("A soak is asked about when it is over, and not before")
    func soak() throws {
        var course = RolloutCourse(began: start, waves: 2)
        course.soaking = start
        var fleet = state(RolloutPolicy(drainBound: .seconds(8)), devices: 2)
        fleet.strategies = ["dns": RolloutStrategy(waves: [.count(1)], soak: .seconds(30))]
        fleet.show(standing(.flipClients, course: course))
        let asked = asks(fleet, until: 32_000)
        #expect(asked.count == 2)
        #expect(asked.values.allSatisfy { $0 == [30_000, 31_000, 32_000] }, "\(asked)")
    }
}
