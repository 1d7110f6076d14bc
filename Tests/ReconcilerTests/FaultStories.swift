import L45Model
import Reconciler
import Testing

/// Every fault at every moment of a rotation: the flow ends where the plans say, and no message is lost but by the device
/// that lost its own modules.
@Suite("Faults at every step")
struct FaultStories {
    enum Fault: String, CaseIterable {
        case killAgent, killAgentBetweenLedgerAndTap, reboot, cut, longCut, removeModule, killOrchestrator,
            killOrchestratorMidway
    }

    /// Ticks that a rotation without faults takes, with some to spare.
    static let rotationTicks = 42

    static func strike(_ fault: Fault, _ device: DeviceID, _ fleet: SimFleet) {
        switch fault {
        case .killAgent: fleet.killAgent(device)
        case .killAgentBetweenLedgerAndTap: fleet.killAgentBetweenLedgerAndTap(device)
        case .reboot: fleet.reboot(device)
        case .cut: fleet.cut(device)
        case .longCut: fleet.cut(device, for: 25)
        case .removeModule: fleet.removeModule(device)
        case .killOrchestrator: fleet.killOrchestrator()
        case .killOrchestratorMidway: fleet.actionsToLive = 1 + (fleet.tick + device.rawValue.utf8.count) % 4
        }
    }

    func settledLab(clients: Int, servers: Int, seed: UInt64, enforces: Bool = false) -> (SimFleet, SimFlow) {
        var (fleet, flow) = RotationStories.lab(clients: clients, servers: servers, seed: seed)
        flow.enforces = enforces
        fleet.want([flow])
        #expect(fleet.settles(), "\(fleet.violations)")
        return (fleet, flow)
    }

    @Test("A rotation on two devices survives every fault at every tick", arguments: Fault.allCases)
    func twoDevices(fault: Fault) {
        everyTick(fault, clients: 1, servers: 1, stride: 1)
    }

    @Test("A rotation on three devices survives every fault at every other tick", arguments: Fault.allCases)
    func threeDevices(fault: Fault) {
        everyTick(fault, clients: 2, servers: 1, stride: 2)
        everyTick(fault, clients: 1, servers: 2, stride: 2)
    }

    private func everyTick(_ fault: Fault, clients: Int, servers: Int, stride: Int) {
        for enforces in [false, true] {
            let (trunk, flow) = settledLab(clients: clients, servers: servers, seed: 1, enforces: enforces)
            trunk.want([flow.edition(2)])
            everyTick(trunk, fault, stride: stride, "rotation, enforcing \(enforces)")
        }
    }

    /// At each tick of the trunk, each device is struck in a branch of its own.
    private func everyTick(_ trunk: SimFleet, _ fault: Fault, stride: Int, _ what: String) {
        for tick in 0..<Self.rotationTicks {
            for (number, device) in trunk.ids.enumerated() where (tick + number) % stride == 0 {
                let branch = trunk.fork(seed: UInt64(tick * 10 + number + 1))
                Self.strike(fault, device, branch)
                guard branch.settles(within: 250) else {
                    Issue.record("\(what): \(fault) of \(device) at tick \(tick): \(branch.violations)")
                    return
                }
            }
            trunk.step()
        }
        #expect(trunk.settles(), "\(what): \(trunk.violations)")
    }

    @Test(
        "An install and a withdrawal survive every fault at every other tick", arguments: Fault.allCases, [false, true])
    func edges(fault: Fault, enforces: Bool) {
        var (trunk, flow) = RotationStories.lab()
        flow.enforces = enforces
        trunk.want([flow])
        everyTick(trunk, fault, stride: 2, "install")
        trunk.want([])
        everyTick(trunk, fault, stride: 2, "withdrawal")
    }

    @Test("Two faults, close together or far apart, at any device")
    func twoFaults() {
        for seed in UInt64(1)...150 {
            var random = SeededRandom(seed: seed)
            let (fleet, flow) = settledLab(clients: 2, servers: 1, seed: seed, enforces: seed % 3 == 0)
            fleet.controlDelayMax = 3
            fleet.want([flow.edition(2)])
            var story: [String] = []
            for _ in 0..<2 {
                let ticks = Int.random(in: 0..<25, using: &random)
                let fault = Fault.allCases[Int.random(in: 0..<Fault.allCases.count, using: &random)]
                let number = Int.random(in: 1...3, using: &random)
                story.append("after \(ticks) \(fault) of \(number)")
                fleet.run(ticks)
                Self.strike(fault, SimDevice.id(number), fleet)
            }
            guard fleet.settles(within: 300) else {
                Issue.record("seed \(seed), \(story): \(fleet.violations)")
                return
            }
        }
    }

    @Test("A silent device holds the phase: nobody moves on, and the standing says who and since when")
    func silence() {
        for tick in 0..<30 {
            let (fleet, flow) = settledLab(clients: 2, servers: 1, seed: 7)
            fleet.want([flow.edition(2)])
            fleet.run(tick)
            fleet.cut(SimDevice.id(2), for: 500)
            fleet.run(60)
            let before = fleet.store
            fleet.run(60)
            #expect(fleet.store.statuses == before.statuses && fleet.store.tables == before.tables)
            let standing = fleet.store.statuses[flow.name]
            #expect(
                standing?.waiting.contains { $0.device == SimDevice.id(2) && $0.reason.contains("is away since 20") }
                    ?? false)
            #expect(fleet.violations.isEmpty, "tick \(tick): \(fleet.violations)")
            #expect(fleet.lastActions.isEmpty)
        }
    }
}
