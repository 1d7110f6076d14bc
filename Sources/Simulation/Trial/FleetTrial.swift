import L45Model

/// A change of intents, tried on a double of the fleet before it is made: the same devices, labels, addresses and
/// documents, with keys of the seed's, under the seed's faults.
package enum FleetTrial {
    /// Virtual time that a change may take before it counts as unfinished, in milliseconds: six hours.
    static let virtualMax: Int64 = 6 * 3_600_000

    /// Tries the change once for each seed, for as long as there is time.
    /// - Parameters:
    ///   - seeds: one after another from `first` on.
    ///   - within: of this machine's time.
    ///   - tell: called with each line of each story; nil: nobody listens.
    package static func run(
        _ plan: Plan, first: UInt64 = 1, seeds: Int, within: Duration,
        chaos: SimulationSetup.Chaos = .usual,
        tell: ((String) -> Void)? = nil
    ) throws -> TrialReport {
        let clock = ContinuousClock()
        let began = clock.now
        var report = TrialReport(plan, first: first, seedsAsked: seeds)
        for seed in first..<(first &+ UInt64(max(1, seeds))) {
            guard clock.now - began < within else { break }
            var setup = SimulationSetup(seed: seed, chaos: chaos)
            setup.trial = plan
            let simulation = try Simulation(setup, tell: tell)
            let isWhole = try simulation.runTrial { clock.now - began >= within }
            report.add(simulation, isWhole: isWhole)
        }
        return report
    }

    /// How far a story has come.
    struct Course {
        enum Stage { case gathering, before, changing, over }
        var stage = Stage.gathering
        /// Milliseconds of the story.
        var changedAt: Int64 = 0
        var settledAt: Int64?
        /// Flows whose edition the change changes.
        var rotations = 0
        /// Flows of which two ends speak different editions now: since when, and messages delivered until then.
        var mixed: [FlowName: (since: Int64, delivered: Int)] = [:]
        var windows = 0
        /// Messages delivered while any such window was open.
        var deliveredMixed = 0
        var worst: (milliseconds: Int64, flow: FlowName)?
    }
}
