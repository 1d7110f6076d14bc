import L45Model
import Reconciler
import Testing

/// Editions that follow each other faster than they drain, on taps that hold two of each module and no third.
@Suite("Taps with little room")
struct RoomStories {
    /// Two flows, whose server needs two rules for each edition of each.
    private func lab(_ seed: UInt64) -> (SimFleet, [SimFlow]) {
        let (fleet, first) = RotationStories.lab(clients: 2, servers: 1, seed: seed)
        let second = SimFlow("web/0", clients: first.clients, servers: first.servers)
        fleet.policy.rulesMax = 8
        fleet.want([first, second])
        #expect(fleet.settles(), "\(fleet.violations)")
        return (fleet, [first, second])
    }

    @Test(
        "Editions that come at every pace, while a device is away: no tap is told more than it holds, and the last one arrives"
    )
    func hurry() {
        for pace in 1...24 {
            let (fleet, flows) = lab(UInt64(pace))
            fleet.cut(SimDevice.id(1 + pace % 3), for: 40)
            for edition in UInt32(2)...9 {
                fleet.want(flows.map { $0.edition(edition) })
                fleet.run(pace)
            }
            #expect(fleet.settles(within: 400), "pace \(pace): \(fleet.violations)")
        }
    }

    @Test("One flow alone hurries: the other one is not held up by what it leaves")
    func neighbour() {
        for tick in 0..<FaultStories.rotationTicks {
            let (fleet, flows) = lab(UInt64(tick + 1))
            for edition in UInt32(2)...4 {
                fleet.want([flows[0].edition(edition), flows[1]])
                fleet.run(tick)
            }
            fleet.want([flows[0].edition(4), flows[1].edition(2)])
            #expect(fleet.settles(within: 400), "tick \(tick): \(fleet.violations)")
        }
    }

    @Test("A turn at every moment: undone, and wanted again as a third edition")
    func turns() {
        for tick in 0..<FaultStories.rotationTicks {
            let (fleet, flows) = lab(UInt64(tick + 1))
            fleet.want(flows.map { $0.edition(2) })
            fleet.run(tick)
            fleet.want(flows)
            fleet.run(tick % 5)
            fleet.want(flows.map { $0.edition(3) })
            #expect(fleet.settles(within: 400), "tick \(tick): \(fleet.violations)")
        }
    }

    @Test("Withdrawn and wanted again before anybody sends: what some taps alone hold is never come to")
    func nobodySends() {
        for tick in 0..<FaultStories.rotationTicks {
            let (fleet, flows) = lab(UInt64(tick + 1))
            fleet.want([])
            fleet.cut(SimDevice.id(3), for: 30)
            fleet.run(tick)
            for edition in UInt32(2)...6 {
                fleet.want(flows.map { $0.edition(edition) })
                fleet.run(1 + tick % 7)
            }
            #expect(fleet.settles(within: 400), "tick \(tick): \(fleet.violations)")
        }
    }

    @Test("Editions past what the taps hold are not begun, and the last one arrives")
    func words() {
        let (fleet, flows) = lab(1)
        // The third device is the server; it confirms nothing, so the second edition goes nowhere.
        fleet.want(flows.map { $0.edition(2) })
        fleet.run(2)
        fleet.cut(SimDevice.id(3), for: 200)
        fleet.want(flows.map { $0.edition(3) })
        fleet.run(30)
        fleet.want(flows.map { $0.edition(4) })
        fleet.run(30)
        let editions = Set(fleet.store.tables.values.flatMap(\.modules).map(\.plan.epoch))
        #expect(editions.count == 2, "\(editions.sorted())")
        #expect(fleet.settles(within: 600), "\(fleet.violations)")
    }
}
