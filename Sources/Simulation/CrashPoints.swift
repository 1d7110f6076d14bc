import L45Model

/// Every point between two effects of a story at which a process can die, one story each.
///
/// The story is told once without a death, which counts its effects; then again for each of them, up to that point the
/// same, with the process that is about to carry it out dying before it.
package enum CrashPoints {
    package struct Outcome: Hashable, Sendable {
        /// Effects of the story without a death.
        package var points = 0
        /// Stories told, each with one death: of a process, and of an agent also by power loss.
        package var stories = 0
        /// Tables decided in the story without a death, and the most that any story with one took.
        package var decidedUndisturbed = 0
        package var decidedMost = 0
        /// Tables sent: the same.
        package var sentUndisturbed = 0
        package var sentMost = 0
        /// Stories whose rotation did not come to its end.
        package var unfinished = 0
        package var violations: [String] = []
        package init() {}
    }

    /// - Parameters:
    ///   - setup: its `chaos` should be `none`, so that the one death is all that goes wrong.
    ///   - every: one point in so many; 1: all.
    package static func explore(_ setup: SimulationSetup, every: Int = 1) throws -> Outcome {
        var calm = setup
        calm.death = nil
        let undisturbed = try Simulation(calm).run()
        var outcome = Outcome()
        outcome.points = undisturbed.effects
        outcome.decidedUndisturbed = undisturbed.decided
        outcome.sentUndisturbed = undisturbed.sent
        outcome.violations = undisturbed.violations
        for effect in stride(from: 1, through: undisturbed.effects, by: max(1, every)) {
            for isPowerLoss in [false, true] {
                var story = setup
                story.death = SimulationSetup.Death(effect: effect, isPowerLoss: isPowerLoss)
                let report = try Simulation(story).run()
                outcome.stories += 1
                outcome.decidedMost = max(outcome.decidedMost, report.decided)
                outcome.sentMost = max(outcome.sentMost, report.sent)
                if report.rotationsDone < undisturbed.rotationsDone { outcome.unfinished += 1 }
                outcome.violations += report.violations.map { "death at effect \(effect): \($0)" }
            }
        }
        return outcome
    }
}
