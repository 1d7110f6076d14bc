import L45Model
import Simulation
import Testing

@Suite("The simulated fleet")
struct SimulationTests {
    @Test("In a world without faults every rotation ends, and nothing is lost")
    func calm() throws {
        let report = try Simulation(SimulationSetup(seed: 1, clients: 2, servers: 1, rotations: 4, chaos: .none)).run()
        #expect(report.violations == [])
        #expect(report.rotationsDone >= 4)
        #expect(report.deliveredTagged > 20)
        #expect(report.excused == 0)
        #expect(report.lost == 0)
    }

    @Test(
        "Whatever dies, breaks or is late: every message is understood, and the fleet comes to rest",
        arguments: UInt64(1)...40)
    func chaos(seed: UInt64) throws {
        let setup = SimulationSetup(
            seed: seed, clients: 1 + Int(seed % 3), servers: 1 + Int(seed % 2), rotations: 6, chaos: .usual)
        let report = try Simulation(setup).run()
        #expect(report.violations == [])
        #expect(report.excused == 0)
        #expect(report.rotationsDone > 0)
    }

    @Test("After disasters, too, the fleet comes to rest as it is wanted", arguments: UInt64(1)...20)
    func disasters(seed: UInt64) throws {
        let setup = SimulationSetup(seed: seed, clients: 2, servers: 1, rotations: 6, chaos: .disasters)
        #expect(try Simulation(setup).run().violations == [])
    }

    @Test("Editions that go round in waves come to rest all the same", arguments: UInt64(1)...8)
    func waves(seed: UInt64) throws {
        var setup = SimulationSetup(seed: seed, clients: 3, servers: 1, rotations: 6, chaos: .usual)
        setup.inWaves = true
        setup.intents = 2
        let report = try Simulation(setup).run()
        #expect(report.violations == [])
        #expect(report.rotationsDone > 0)
    }

    @Test("The same seed tells the same story")
    func replay() throws {
        var first: [String] = []
        var second: [String] = []
        let a = try Simulation(SimulationSetup(seed: 7), tell: { first.append($0) }).run()
        let b = try Simulation(SimulationSetup(seed: 7), tell: { second.append($0) }).run()
        #expect(a == b)
        #expect(first == second)
        #expect(first.count > 100)
    }
}
