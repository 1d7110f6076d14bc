import L45Model
import Reconciler
import Testing

/// The inventory and the devices no longer agree on the past.
@Suite("After a loss of memory")
struct RestoreStories {
    func rotated(_ edition: UInt32, seed: UInt64 = 1, ticks: Int = 0) -> (SimFleet, SimFlow, backup: SimStore) {
        let (fleet, flow) = RotationStories.lab(seed: seed)
        fleet.want([flow])
        #expect(fleet.settles())
        let backup = fleet.store
        for edition in stride(from: UInt32(2), through: edition, by: 1) {
            fleet.want([flow.edition(edition)])
            #expect(fleet.settles(), "\(fleet.violations)")
        }
        return (fleet, flow, backup)
    }

    @Test("An inventory restored from an older backup goes on above every generation that devices have seen")
    func olderBackup() {
        for tick in 0..<40 {
            let (fleet, flow, backup) = rotated(2)
            fleet.want([flow.edition(3)])
            fleet.run(tick)
            let seen = fleet.devices.mapValues { $0.ledger?.generation ?? Generation.none }
            fleet.killOrchestrator()
            fleet.store = backup
            fleet.lenient = true
            fleet.want([flow])
            #expect(fleet.settles(within: 300), "restored at \(tick): \(fleet.violations)")
            for (id, generation) in seen { #expect(fleet.store.tables[id]?.generation ?? Generation.none > generation) }
            #expect(fleet.events.contains { $0.message.contains("ahead of the inventory") })
            // From then on all is as ever.
            fleet.lenient = false
            fleet.run(8)
            fleet.want([flow.edition(4)])
            #expect(fleet.settles(), "rotation after the restore at \(tick): \(fleet.violations)")
        }
    }

    @Test("Restored, and the devices rebooted: their ledgers still count")
    func backupAndReboot() {
        let (fleet, flow, backup) = rotated(3)
        fleet.killOrchestrator()
        for id in fleet.ids { fleet.reboot(id) }
        fleet.store = backup
        fleet.lenient = true
        fleet.want([flow])
        #expect(fleet.settles(), "\(fleet.violations)")
    }

    @Test("An inventory that lost everything takes over what runs, with new secrets")
    func nothingLeft() {
        var (fleet, flow, _) = rotated(2)
        fleet.killOrchestrator()
        fleet.store = SimStore()
        fleet.lenient = true
        flow.dialectSalt = 77
        fleet.want([flow.edition(2)])
        #expect(fleet.settles(), "\(fleet.violations)")
    }

    @Test("An inventory that lost everything and is to run nothing takes everything off, and says so")
    func nothingWanted() {
        let (fleet, _, _) = rotated(2)
        fleet.killOrchestrator()
        fleet.store = SimStore()
        fleet.lenient = true
        fleet.want([])
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(fleet.events.contains { $0.severity == .alert && $0.facts["modules"] != nil })
    }

    @Test("A device that is replaced: the new one joins, the old one is retired, the rotation completes")
    func replaced() {
        for tick in stride(from: 0, to: 40, by: 3) {
            var (fleet, flow, _) = rotated(1)
            fleet.want([flow.edition(2)])
            fleet.run(tick)
            fleet.cut(SimDevice.id(2), for: 1000)
            fleet.run(20)
            fleet.retire(SimDevice.id(2))
            fleet.add(4)
            flow.clients = [SimDevice.id(1), SimDevice.id(4)]
            fleet.want([flow.edition(2)])
            #expect(fleet.settles(), "replaced at \(tick): \(fleet.violations)")
        }
    }

    @Test(
        "Clocks that jump, by a year, either way, on a device or here, in any phase",
        arguments: [-31_536_000_000, 31_536_000_000])
    func clocks(jump: Int64) {
        for tick in stride(from: 0, to: 40, by: 2) {
            for here in [false, true] {
                let (fleet, flow, _) = rotated(1, seed: UInt64(tick + 1))
                fleet.want([flow.edition(2)])
                fleet.run(tick)
                if here { fleet.clockOff += jump } else { fleet.devices[SimDevice.id(3)]?.clockOff = jump }
                // Our clock set forth ends the bound of a drain early: the devices' own clocks still hold it.
                #expect(fleet.settles(), "clock at \(tick), here \(here): \(fleet.violations)")
            }
        }
    }
}
