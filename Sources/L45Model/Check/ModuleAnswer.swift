/// What became of a challenge, as the agent relays it.
package struct ModuleAnswer: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        /// `[nonce 12][sealed challenge | module id][tag 16]`: for the orchestrator, who alone can open it.
        case answered([UInt8], life: UInt64)
        /// The module has no key under which the challenge opens.
        case unopened(life: UInt64)
        /// The module could not be asked; the reason is for the operator.
        case unable(String)
    }

    package var module: ModuleID
    /// Of the challenge.
    package var number: UInt64
    /// A `life` is a number that the tap drew when its chains of keys began: another one says that all of them are new.
    package var outcome: Outcome

    /// Lengths of an answer, in bytes.
    package static let answerBytes = 44...100

    package init(module: ModuleID, number: UInt64, outcome: Outcome) {
        self.module = module
        self.number = number
        self.outcome = outcome
    }
}
