import L45Model
import Reconciler
import Testing

/// A new edition that goes round by waves.
@Suite("Waves")
struct WaveStories {
    /// Six clients and two servers in edition 1, about to rotate by `strategy`.
    static func lab(_ strategy: RolloutStrategy, seed: UInt64 = 1) -> (SimFleet, SimFlow) {
        let (fleet, flow) = RotationStories.lab(clients: 6, servers: 2, seed: seed)
        fleet.policy.brakeDevicesMin = 100
        fleet.want([flow])
        #expect(fleet.settles(), "\(fleet.violations)")
        fleet.store.strategies[flow.intent] = strategy
        return (fleet, flow)
    }

    /// How many devices sent edition 2, each time that it changed, clients and servers.
    func steps(_ fleet: SimFleet, ticks: Int = 400) -> [String] {
        var steps: [String] = []
        for _ in 0..<ticks {
            fleet.step()
            let step = "\(fleet.speakers(2, .client).count)+\(fleet.speakers(2, .server).count)"
            if steps.last != step { steps.append(step) }
            if fleet.settled { break }
        }
        return steps
    }

    func alerts(_ fleet: SimFleet) -> [String] { fleet.events.filter { $0.severity == .alert }.map(\.message) }

    @Test("A canary sends first, then a share of the rest, then everybody; each wave waits for the one before")
    func canary() {
        let (fleet, flow) = Self.lab(RolloutStrategy(waves: [.count(1), .percent(50), .rest]))
        fleet.controlDelayMax = 1
        fleet.want([flow.edition(2)])
        let steps = steps(fleet)
        // A wave's devices take their tables in different ticks: between two waves there may be more steps.
        for reached in ["0+0", "1+0", "3+0", "6+0", "6+1", "6+2"] { #expect(steps.contains(reached), "\(steps)") }
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(fleet.events.filter { $0.message == "rollout entered a wave" }.count >= 4)
        #expect(fleet.store.statuses[flow.name]?.course == nil)
    }

    @Test("A wave by label takes the devices that have it, and the rest follow")
    func byLabel() {
        let (fleet, flow) = Self.lab(RolloutStrategy(waves: [.label("site", "lab")], soak: .seconds(10)))
        fleet.labels = [SimDevice.id(2): ["site": "lab"], SimDevice.id(5): ["site": "lab"]]
        fleet.want([flow.edition(2)])
        #expect(fleet.run(until: { fleet.speakers(2, .client).count == 2 }))
        #expect(fleet.speakers(2, .client) == [SimDevice.id(2), SimDevice.id(5)])
        #expect(fleet.settles(), "\(fleet.violations)")
    }

    @Test("A first install goes by waves too, plain and tagged side by side")
    func install() {
        let (fleet, flow) = RotationStories.lab(clients: 4, servers: 1)
        fleet.store.strategies[flow.intent] = RolloutStrategy(waves: [.count(1)], soak: .seconds(15))
        fleet.want([flow])
        #expect(fleet.run(until: { fleet.speakers(1, .client).count == 1 }))
        fleet.run(10)
        #expect(fleet.speakers(1, .client).count == 1)
        #expect(fleet.store.statuses[flow.name]?.phase == .flipClients)
        #expect(fleet.settles(), "\(fleet.violations)")
    }

    @Test("Between two waves lies the soak, from the last confirmation on, and reports that came after it")
    func soak() {
        let (fleet, flow) = Self.lab(RolloutStrategy(waves: [.count(1)], soak: .seconds(30)))
        fleet.want([flow.edition(2)])
        #expect(fleet.run(until: { fleet.store.statuses[flow.name]?.course?.soaking != nil }))
        #expect(fleet.speakers(2, .client).count == 1)
        let began = fleet.tick
        #expect(fleet.run(until: { fleet.speakers(2, .client).count > 1 }))
        #expect(fleet.tick - began >= 30 && fleet.tick - began <= 36)
        #expect(fleet.settles(within: 300), "\(fleet.violations)")
    }

    @Test("Who reconnects during a soak does not begin it anew, and is heard before it ends")
    func reconnects() {
        let (fleet, flow) = Self.lab(RolloutStrategy(waves: [.count(2)], soak: .seconds(30)))
        fleet.want([flow.edition(2)])
        #expect(fleet.run(until: { fleet.store.statuses[flow.name]?.course?.soaking != nil }))
        let began = fleet.tick
        // Every five seconds the line of one that sends the edition is cut, and back the second after.
        for turn in 0..<5 {
            fleet.cut(SimDevice.id(turn % 2 + 1), for: 1)
            fleet.run(5)
        }
        fleet.cut(SimDevice.id(7), for: 12)
        fleet.run(10)
        #expect(fleet.speakers(2, .client).count == 2)
        #expect(fleet.run(until: { fleet.speakers(2, .client).count > 2 }))
        #expect((37...45).contains(fleet.tick - began), "\(fleet.tick - began)")
        #expect(fleet.settles(within: 300), "\(fleet.violations)")
    }

    @Test("A standing that soaks says so, and until when")
    func soakIsTold() throws {
        let (fleet, flow) = Self.lab(RolloutStrategy(waves: [.count(1)], soak: .seconds(30)))
        fleet.want([flow.edition(2)])
        #expect(fleet.run(until: { fleet.store.statuses[flow.name]?.course?.soaking != nil }))
        let status = try #require(fleet.store.statuses[flow.name])
        let until = try #require(status.course?.soaking) + .seconds(30)
        #expect(status.waiting.map(\.reason) == ["soaks in wave 1 of 4 until \(until.rfc3339)"])
    }

    @Test("Errors in the canary halt the rollout with the reason; nobody else is touched, and undo brings it back")
    func halt() throws {
        let budget = RolloutStrategy.Budget(undecoded: 3)
        let (fleet, flow) = Self.lab(RolloutStrategy(waves: [.count(1)], soak: .seconds(20), budget: budget))
        fleet.want([flow.edition(2)])
        #expect(fleet.run(until: { fleet.speakers(2, .client).count == 1 }))
        count(against: 2, at: SimDevice.id(7), 2, fleet)
        fleet.run(6)
        #expect(alerts(fleet).isEmpty)
        count(against: 2, at: SimDevice.id(7), 3, fleet)
        fleet.run(100)
        #expect(alerts(fleet) == ["rollout halted"])
        #expect(fleet.speakers(2, .client).count == 1 && fleet.speakers(1, .client).count == 5)
        let halt = try #require(fleet.store.statuses[flow.name]?.course?.halt)
        #expect(halt.cause == .errorBudget)
        #expect(halt.reason == "3 undecoded in edition 2, the budget ends at 3: d7 3")
        #expect(fleet.lastActions.isEmpty)
        // An edition that one comes back to needs no waves: the orchestrator gives none.
        fleet.store.strategies = [:]
        fleet.want([flow])
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(fleet.speakers(1, .client).count == 6)
    }

    @Test("A retry forgives what was counted, and goes on from the wave that was reached")
    func retry() {
        let budget = RolloutStrategy.Budget(undecoded: 1)
        let (fleet, flow) = Self.lab(RolloutStrategy(waves: [.count(1)], soak: .seconds(5), budget: budget))
        fleet.want([flow.edition(2)])
        #expect(fleet.run(until: { fleet.speakers(2, .client).count == 1 }))
        count(against: 2, at: SimDevice.id(1), 4, fleet)
        #expect(fleet.run(until: { fleet.store.statuses[flow.name]?.course?.halt != nil }))
        fleet.retry(flow.intent)
        fleet.run(4)
        #expect(fleet.store.statuses[flow.name]?.course?.halt == nil)
        #expect(fleet.speakers(2, .client).count >= 1)
        #expect(fleet.settles(within: 300), "\(fleet.violations)")
        #expect(alerts(fleet).count == 1)
    }

    @Test("After a retry, one more error halts it again")
    func retryInVain() {
        let budget = RolloutStrategy.Budget(undecoded: 1)
        let (fleet, flow) = Self.lab(RolloutStrategy(waves: [.count(1)], soak: .seconds(20), budget: budget))
        fleet.want([flow.edition(2)])
        #expect(fleet.run(until: { fleet.speakers(2, .client).count == 1 }))
        count(against: 2, at: SimDevice.id(1), 4, fleet)
        #expect(fleet.run(until: { fleet.store.statuses[flow.name]?.course?.halt != nil }))
        fleet.retry(flow.intent)
        fleet.run(6)
        count(against: 2, at: SimDevice.id(1), 5, fleet)
        fleet.run(60)
        #expect(alerts(fleet) == ["rollout halted", "rollout halted"])
        #expect(fleet.speakers(2, .client).count == 1)
    }

    @Test("The errors of the edition in force do not keep the fleet in it: the way out is forward")
    func forwardFromBad() {
        let budget = RolloutStrategy.Budget(undecoded: 1, dropped: 1)
        let (fleet, flow) = Self.lab(RolloutStrategy(waves: [.count(1)], soak: .seconds(5), budget: budget))
        for id in fleet.ids { count(against: 1, at: id, 1000, fleet) }
        fleet.want([flow.edition(2)])
        #expect(fleet.settles(within: 300), "\(fleet.violations)")
        #expect(alerts(fleet).isEmpty)
    }

    @Test("From a halted edition the next one begins anew, with a canary of its own")
    func forwardFromHalted() {
        let budget = RolloutStrategy.Budget(undecoded: 1)
        let (fleet, flow) = Self.lab(RolloutStrategy(waves: [.count(1)], soak: .seconds(10), budget: budget))
        fleet.want([flow.edition(2)])
        #expect(fleet.run(until: { fleet.speakers(2, .client).count == 1 }))
        count(against: 2, at: SimDevice.id(1), 1, fleet)
        #expect(fleet.run(until: { fleet.store.statuses[flow.name]?.course?.halt != nil }))
        fleet.want([flow.edition(3)])
        #expect(fleet.run(until: { fleet.speakers(3, .client).count == 1 }))
        fleet.run(5)
        #expect(fleet.speakers(3, .client).count == 1)
        #expect(fleet.settles(within: 300), "\(fleet.violations)")
        #expect(fleet.speakers(3, .client).count == 6)
    }

    @Test("A deadline fires: the rollout stops where it is, and goes on only when it is told to")
    func deadline() throws {
        let (fleet, flow) = Self.lab(RolloutStrategy(waves: [.count(1)], deadline: .seconds(60)))
        fleet.cut(SimDevice.id(4), for: 100)
        fleet.want([flow.edition(2)])
        let began = fleet.tick
        #expect(fleet.run(until: { !self.alerts(fleet).isEmpty }))
        #expect((60...63).contains(fleet.tick - began))
        let halt = try #require(fleet.store.statuses[flow.name]?.course?.halt)
        #expect(halt.cause == .deadline && halt.reason.hasSuffix("1 device has not confirmed"))
        fleet.run(100)
        // It is back, and still nobody moves.
        #expect(fleet.devices[SimDevice.id(4)]?.connected ?? false)
        #expect(fleet.speakers(2, .client).isEmpty)
        #expect(alerts(fleet).count == 1)
        fleet.retry(flow.intent)
        #expect(fleet.settles(), "\(fleet.violations)")
    }

    @Test("Time under a pause counts neither for the deadline nor for a soak")
    func pause() {
        let strategy = RolloutStrategy(waves: [.count(1)], soak: .seconds(20), deadline: .seconds(150))
        let (fleet, flow) = Self.lab(strategy)
        fleet.want([flow.edition(2)])
        #expect(fleet.run(until: { fleet.store.statuses[flow.name]?.course?.soaking != nil }))
        fleet.store.paused = [flow.intent]
        fleet.run(300)
        #expect(fleet.speakers(2, .client).count == 1)
        fleet.store.paused = []
        fleet.run(12)
        #expect(fleet.speakers(2, .client).count == 1)
        #expect(fleet.settles(within: 150), "\(fleet.violations)")
        #expect(alerts(fleet).isEmpty)
    }

    @Test("Never more devices are without a confirmed table than the intent allows", arguments: [1, 2, 3])
    func maxUnavailable(most: Int) {
        let (fleet, flow) = Self.lab(RolloutStrategy(maxUnavailable: .count(most)), seed: UInt64(most))
        fleet.controlDelayMax = 3
        fleet.want([flow.edition(2)])
        var worst = 0
        for _ in 0..<800 where !fleet.settled {
            fleet.step()
            let open = fleet.ids.count { fleet.store.reports[$0]?.generation != fleet.store.tables[$0]?.generation }
            worst = max(worst, open)
        }
        #expect(worst == most)
        #expect(fleet.settles(), "\(fleet.violations)")
    }

    @Test("A device that leaves an enforcing flow is done with before the others drop what is plain")
    func leaverFirst() {
        let (fleet, plain) = RotationStories.lab(clients: 3, servers: 1)
        var flow = plain
        flow.enforces = true
        fleet.store.strategies[flow.intent] = RolloutStrategy(maxUnavailable: .count(1))
        fleet.want([flow])
        #expect(fleet.settles(within: 300), "\(fleet.violations)")
        flow.clients.removeFirst()
        fleet.want([flow])
        #expect(fleet.settles(within: 300), "\(fleet.violations)")
    }

    @Test("One device is away where one may be: the others wait for it")
    func unavailableAlready() {
        let (fleet, flow) = Self.lab(RolloutStrategy(maxUnavailable: .count(1)))
        fleet.cut(SimDevice.id(3), for: 60)
        fleet.run(2)
        fleet.want([flow.edition(2)])
        fleet.run(50)
        let untouched = fleet.ids.filter { id in
            fleet.store.tables[id]?.modules.allSatisfy { $0.plan.epoch == .first } ?? false
        }
        #expect(untouched.count == 7)
        #expect(fleet.settles(within: 400), "\(fleet.violations)")
    }

    @Test("A course that was lost goes on where the devices are, after one soak more")
    func courseLost() {
        let (fleet, flow) = Self.lab(RolloutStrategy(waves: [.count(1), .count(3)], soak: .seconds(15)))
        fleet.want([flow.edition(2)])
        #expect(fleet.run(until: { fleet.speakers(2, .client).count == 3 }))
        fleet.run(4)
        fleet.store.statuses = [:]
        fleet.run(12)
        #expect(fleet.speakers(2, .client).count == 3)
        #expect(fleet.settles(within: 400), "\(fleet.violations)")
    }

    /// Counts of one device against an edition.
    private func count(against epoch: UInt32, at id: DeviceID, _ undecoded: UInt64, _ fleet: SimFleet) {
        var counts = ModuleStatistics()
        counts.forged = undecoded
        counts.dropped = undecoded
        fleet.faults[id, default: [:]][Epoch(epoch)] = counts
    }
}
