import L45Model
import Simulation
import Testing

@Suite("Death at every point between two effects")
struct CrashPointTests {
    struct Fleet: CustomStringConvertible, Sendable {
        let clients: Int
        let servers: Int
        var description: String { "\(clients) clients, \(servers) servers" }
    }

    @Test(
        "A first install and a rotation come to the same end, wherever a process dies, and take no table more",
        arguments: [Fleet(clients: 1, servers: 1), Fleet(clients: 2, servers: 1), Fleet(clients: 1, servers: 2)])
    func everyPoint(fleet: Fleet) throws {
        let setup = SimulationSetup(
            seed: 3, clients: fleet.clients, servers: fleet.servers, rotations: 1, chaos: .none)
        let outcome = try CrashPoints.explore(setup)
        print("crash points, \(fleet): \(outcome.points) points, \(outcome.stories) stories")
        #expect(outcome.violations == [])
        #expect(outcome.unfinished == 0)
        // Fewer would mean that no rotation was lived through.
        #expect(outcome.points > 80)
        // What was decided stands: a death sends a table again, it never decides another one in its place.
        #expect(outcome.decidedMost == outcome.decidedUndisturbed)
        #expect(outcome.sentMost <= outcome.sentUndisturbed + 2 * (fleet.clients + fleet.servers))
    }
}
