import L45Model
import Simulation
import Testing

@Suite("Levels in the simulated fleet")
struct PostureTests {
    private func setup(_ seed: UInt64, _ chaos: SimulationSetup.Chaos) -> SimulationSetup {
        var setup = SimulationSetup(
            seed: seed, clients: 1 + Int(seed % 2), servers: 1, rotations: 8, chaos: chaos)
        setup.intents = 3
        setup.streamFlows = Int(seed % 2)
        setup.levels = true
        return setup
    }

    @Test(
        "Up and down between levels, with rotations meanwhile, whatever dies: every message is understood",
        arguments: UInt64(1)...8)
    func chaos(seed: UInt64) throws {
        let report = try Simulation(setup(seed, .usual)).run()
        #expect(report.violations == [])
        #expect(report.excused == 0)
        #expect(report.levelsAsked > 0)
        #expect(report.deliveredTagged > 0)
    }

    @Test("After disasters the fleet comes to rest at its level", arguments: UInt64(1)...4)
    func disasters(seed: UInt64) throws {
        #expect(try Simulation(setup(seed, .disasters)).run().violations == [])
    }

    @Test("A change of level comes to the same end wherever a process dies")
    func crashPoints() throws {
        var setup = SimulationSetup(seed: 5, clients: 1, servers: 1, rotations: 2, chaos: .none)
        setup.intents = 2
        setup.levels = true
        #expect(try Simulation(setup).run().levelsAsked > 0)
        let outcome = try CrashPoints.explore(setup, every: 4)
        #expect(outcome.violations == [])
        #expect(outcome.points > 50)
    }
}
