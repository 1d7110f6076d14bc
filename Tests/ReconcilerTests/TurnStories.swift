import L45Model
import Reconciler
import Testing

/// The operator changes their mind, at every moment of a rotation.
@Suite("Turns at every step")
struct TurnStories {
    static let ticks = 0..<FaultStories.rotationTicks

    func rotating(_ tick: Int, enforces: Bool) -> (SimFleet, SimFlow) {
        var (fleet, flow) = RotationStories.lab(clients: 2, servers: 1, seed: UInt64(tick + 1))
        flow.enforces = enforces
        fleet.want([flow])
        #expect(fleet.settles(), "\(fleet.violations)")
        fleet.want([flow.edition(2)])
        fleet.run(tick)
        return (fleet, flow)
    }

    @Test("Undo leads back to the old edition", arguments: [false, true])
    func undo(enforces: Bool) {
        for tick in Self.ticks {
            let (fleet, flow) = rotating(tick, enforces: enforces)
            fleet.want([flow])
            #expect(fleet.settles(), "undo at \(tick): \(fleet.violations)")
        }
    }

    @Test("Undo, and redo while the undo is under way", arguments: [false, true])
    func undoRedo(enforces: Bool) {
        for tick in Self.ticks where tick % 2 == 0 {
            let (trunk, flow) = rotating(tick, enforces: enforces)
            for later in stride(from: 1, to: 40, by: 5) {
                let fleet = trunk.fork(seed: UInt64(later))
                fleet.want([flow])
                fleet.run(later)
                fleet.want([flow.edition(2)])
                #expect(fleet.settles(), "undo at \(tick), redo \(later) later: \(fleet.violations)")
            }
        }
    }

    @Test(
        "A third edition while the second is under way: all are understood until the last one is everywhere",
        arguments: [false, true])
    func rollForward(enforces: Bool) {
        for tick in Self.ticks {
            let (fleet, flow) = rotating(tick, enforces: enforces)
            fleet.want([flow.edition(3)])
            #expect(fleet.settles(), "third at \(tick): \(fleet.violations)")
        }
    }

    @Test("Editions that come faster than they can settle")
    func hurry() {
        for pace in 1...20 {
            let (fleet, flow) = rotating(0, enforces: pace % 2 == 0)
            for edition in UInt32(2)...12 {
                fleet.want([flow.edition(edition)])
                fleet.run(pace)
            }
            #expect(fleet.settles(), "pace \(pace): \(fleet.violations)")
        }
    }

    @Test("Withdrawal while a rotation is under way", arguments: [false, true])
    func withdrawal(enforces: Bool) {
        for tick in Self.ticks {
            let (fleet, _) = rotating(tick, enforces: enforces)
            fleet.want([])
            #expect(fleet.settles(), "withdrawn at \(tick): \(fleet.violations)")
        }
    }

    @Test("Withdrawn and wanted again while the withdrawal is under way", arguments: [false, true])
    func secondThoughts(enforces: Bool) {
        for tick in Self.ticks {
            var (fleet, flow) = RotationStories.lab(seed: UInt64(tick + 1))
            flow.enforces = enforces
            fleet.want([flow])
            #expect(fleet.settles())
            fleet.want([])
            fleet.run(tick)
            fleet.want([tick % 2 == 0 ? flow : flow.edition(2)])
            #expect(fleet.settles(), "wanted again at \(tick): \(fleet.violations)")
        }
    }

    @Test("Paused: no table changes, whatever the moment; resumed: it completes", arguments: [false, true])
    func pause(enforces: Bool) {
        for tick in Self.ticks {
            let (fleet, flow) = rotating(tick, enforces: enforces)
            fleet.store.paused = [flow.intent]
            let tables = fleet.store.tables
            fleet.run(40)
            #expect(fleet.store.tables == tables)
            #expect(fleet.lastActions.isEmpty)
            #expect(fleet.store.statuses[flow.name]?.paused ?? false)
            fleet.store.paused = []
            #expect(fleet.settles(), "paused at \(tick): \(fleet.violations)")
        }
    }

    @Test("Paused, a device that lost its modules gets back what it had")
    func pausedRepair() {
        for tick in Self.ticks {
            let (fleet, flow) = rotating(tick, enforces: false)
            fleet.store.paused = [flow.intent]
            fleet.run(5)
            let before = fleet.devices[SimDevice.id(3)]?.entries
            fleet.reboot(SimDevice.id(3))
            fleet.run(20)
            #expect(fleet.devices[SimDevice.id(3)]?.entries == before)
            fleet.store.paused = []
            #expect(fleet.settles(), "paused at \(tick): \(fleet.violations)")
        }
    }

    @Test("Devices join and leave while a rotation is under way", arguments: [false, true], [false, true])
    func comingAndGoing(enforces: Bool, namesPeers: Bool) {
        for tick in Self.ticks {
            let fleet = SimFleet(devices: 4, seed: UInt64(tick + 1))
            var flow = SimFlow("dns/0", clients: [SimDevice.id(1), SimDevice.id(2)], servers: [SimDevice.id(3)])
            flow.enforces = enforces
            flow.namesPeers = namesPeers
            fleet.want([flow])
            #expect(fleet.settles(), "\(fleet.violations)")
            fleet.want([flow.edition(2)])
            fleet.run(tick)
            flow.clients = [SimDevice.id(1), SimDevice.id(4)]
            fleet.want([flow.edition(2)])
            #expect(fleet.settles(within: 250), "joined and left at \(tick): \(fleet.violations)")
        }
    }
}
