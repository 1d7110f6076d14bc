import L45Model
import Reconciler
import Testing

/// The orchestrator goes for good, at any point of a rotation.
///
/// There is no lease on a table, and none is needed: the guard of each step is that every receiver has confirmed the dialect
/// before anyone sends it, so wherever the steps end, each end decodes what the other sends. A lease could only take
/// decoders away, and would turn an orchestrator's outage into one of the flows.
@Suite("An orchestrator that vanishes")
struct VanishingStories {
    static let waves = RolloutStrategy(waves: [.count(1), .percent(50)], soak: .seconds(4), maxUnavailable: .count(2))

    @Test("Between any two effects of a rotation, with and without waves: every message goes on being decoded")
    func anyEffect() {
        var points = 0
        for strategy in [nil, Self.waves] {
            for enforces in [false, true] {
                // Effects until the rotation is over: past the last one there is nothing to interrupt.
                for effects in 0..<400 {
                    var (fleet, flow) = RotationStories.lab(clients: 2, servers: 1, seed: UInt64(effects + 1))
                    flow.enforces = enforces
                    fleet.want([flow])
                    #expect(fleet.settles(), "\(fleet.violations)")
                    fleet.store.strategies[flow.intent] = strategy
                    fleet.actionsToLive = effects
                    fleet.orchestratorStaysDead = true
                    fleet.want([flow.edition(2)])
                    _ = fleet.run(until: { fleet.orchestratorBackAt != nil || fleet.settled }, within: 400)
                    guard fleet.orchestratorBackAt != nil else { break }
                    points += 1
                    // Devices restart meanwhile: their ledgers give them what they had.
                    for (number, id) in fleet.ids.enumerated() {
                        fleet.run(10)
                        if number % 2 == 0 { fleet.reboot(id) } else { fleet.killAgent(id) }
                    }
                    fleet.run(60)
                    #expect(fleet.violations.isEmpty, "after \(effects) effects: \(fleet.violations)")
                    // The successor finishes what was begun.
                    fleet.orchestratorStaysDead = false
                    fleet.orchestratorBackAt = fleet.tick + 1
                    #expect(fleet.settles(within: 400), "after \(effects) effects: \(fleet.violations)")
                }
            }
        }
        #expect(points > 60, "\(points)")
    }
}
