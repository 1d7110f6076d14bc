import L45Model
import Reconciler
import Testing

/// What an operator reads of a rollout that is not done.
@Suite("What comes next")
struct OutlookTests {
    let strategy = RolloutStrategy(waves: [.count(1)], soak: .seconds(30), deadline: .seconds(600))

    func outlook(_ fleet: SimFleet, _ flow: SimFlow) -> Outlook? {
        fleet.store.statuses[flow.name].flatMap {
            Outlook($0, strategy: fleet.store.strategies[flow.intent], policy: fleet.policy)
        }
    }

    @Test("From the first wave to the end, what was foretold is what happened")
    func foretold() throws {
        let (fleet, flow) = WaveStories.lab(strategy)
        fleet.want([flow.edition(2)])
        var told: [String] = []
        var drainEnds: Timestamp?
        for _ in 0..<300 where !fleet.settled || told.isEmpty {
            fleet.step()
            guard let outlook = outlook(fleet, flow) else { continue }
            if told.last != outlook.next { told.append(outlook.next) }
            if fleet.store.statuses[flow.name]?.phase == .drain { drainEnds = drainEnds ?? outlook.nextAt }
            if let halts = outlook.haltsAt, let began = fleet.store.statuses[flow.name]?.course?.began {
                #expect(halts == began + .seconds(600))
            }
        }
        #expect(told.first == "the clients of wave 1 of 4 begin to send edition 2")
        #expect(told.contains("with the reports that follow the soak, wave 2 of 4 begins"))
        #expect(told.contains("the old modules are taken off"))
        #expect(fleet.settles())
        #expect(outlook(fleet, flow) == nil)
        #expect(try #require(drainEnds) <= fleet.now)
    }

    @Test("Under a pause and after a halt, what is told is the way on")
    func standing() throws {
        let (fleet, flow) = WaveStories.lab(RolloutStrategy(waves: [.count(1)], deadline: .seconds(20)))
        fleet.cut(SimDevice.id(4), for: 400)
        fleet.want([flow.edition(2)])
        fleet.run(3)
        fleet.store.paused = [flow.intent]
        fleet.run(3)
        #expect(outlook(fleet, flow)?.next == "nothing moves until 'l45 rollout resume dns'")
        fleet.store.paused = []
        fleet.run(30)
        let next = try #require(outlook(fleet, flow)?.next)
        #expect(next.contains("'l45 rollout retry dns'") && next.contains("'l45 rollout undo dns'"))
        let away = try #require(fleet.snapshot().devices[SimDevice.id(4)]?.prospect(fleet.policy))
        #expect(away.next == "gets its table when it is back")
        #expect(away.since < fleet.now)
    }

    @Test("A device that was sent its table and has not confirmed it: since when, and when it is sent again")
    func resent() throws {
        let (fleet, flow) = WaveStories.lab(strategy)
        fleet.policy.resendAfter = .seconds(40)
        fleet.controlDelayMax = 30
        fleet.want([flow.edition(2)])
        fleet.run(2)
        let snapshot = fleet.snapshot()
        let open = try #require(fleet.store.statuses[flow.name]?.waiting.first)
        let device = try #require(snapshot.devices[open.device])
        let prospect = try #require(device.prospect(fleet.policy))
        #expect(prospect.since == device.sentAt)
        #expect(prospect.nextAt == prospect.since + .seconds(40))
        #expect(prospect.next == "is sent the table again")
    }
}
