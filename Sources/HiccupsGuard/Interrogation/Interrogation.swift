/// Finds out, exchange by exchange, what a path does to headers: readings in, the types of the next SYN out. No clock,
/// no socket.
package struct Interrogation: Sendable {
    /// How the next SYN is chosen.
    package enum Strategy: String, Hashable, Sendable, CaseIterable {
        /// Figure 5.3 of the seed: one type per exchange, wide ones first.
        case seed
        /// Up to three types per exchange; see ``MixedStrategy``.
        case mixed
    }

    package enum Conclusion: Hashable, Sendable {
        /// All that the strategy asks for is known.
        case known
        /// The far end takes no part, or in one direction two carriers or more are overwritten; from here the two look
        /// alike.
        case cannotUseHiccups
        /// No answer, ``silencesMax`` times in a row.
        case silent
    }

    /// SYNs in a row without an answer after which the interrogation ends.
    package static let silencesMax = 3
    /// No strategy needs as many; a bound all the same.
    package static let exchangesMax = 40

    package let strategy: Strategy
    package private(set) var readings: [ReplyReading] = []
    package private(set) var knowledge = PathKnowledge()
    package private(set) var conclusion: Conclusion?
    private var silences = 0
    private var seed = SeedStrategy()
    private var mixed = MixedStrategy()
    private var upcoming: PerCarrier<Coverage>?

    package init(_ strategy: Strategy) {
        self.strategy = strategy
        choose()
    }

    /// SYNs that were answered.
    package var exchanges: Int { readings.count }

    /// The types for the next SYN; nil once there is a conclusion.
    package var next: PerCarrier<Coverage>? { upcoming }

    /// Takes the answer to the SYN that ``next`` asked for.
    package mutating func record(_ reading: ReplyReading) {
        guard conclusion == nil else { return }
        silences = 0
        readings.append(reading)
        knowledge = PathKnowledge(readings)
        choose()
    }

    /// The SYN went unanswered for as long as the caller is willing to wait. The same types are asked for again.
    package mutating func recordSilence() {
        guard conclusion == nil else { return }
        silences += 1
        if silences >= Self.silencesMax { conclude(.silent) }
    }

    private mutating func choose() {
        guard readings.count < Self.exchangesMax else { return conclude(.known) }
        let step =
            switch strategy {
            case .seed: seed.step(readings.last, knowledge)
            case .mixed: mixed.step(readings.last, knowledge)
            }
        switch step {
        case .ask(let coverage): upcoming = coverage
        case .finish(let conclusion): conclude(conclusion)
        }
    }

    private mutating func conclude(_ conclusion: Conclusion) {
        self.conclusion = conclusion
        upcoming = nil
    }
}

/// What a strategy wants next.
enum InterrogationStep: Hashable, Sendable {
    case ask(PerCarrier<Coverage>)
    case finish(Interrogation.Conclusion)
}
