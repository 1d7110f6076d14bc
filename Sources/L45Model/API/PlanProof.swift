/// One statement about a plan, made before anything ships, and what it rests on.
package struct PlanProof: Hashable, Codable, Sendable {
    package enum Kind: String, Hashable, Codable, Sendable, CaseIterable {
        /// decode(encode(m)) = m, by running the engine.
        case roundTrip = "round trip"
        /// No message of one dialect, edition or plain program is taken for another's.
        case identity
        /// What the wire has to carry, against links' and UDP's limits.
        case growth
        /// Whoever is sent the dialect holds its decoder.
        case coverage
        /// Intents whose customizations share sockets, as one module.
        case composition
    }

    package enum Verdict: String, Hashable, Codable, Sendable, CaseIterable {
        /// It holds always.
        case proved
        /// It holds but for the odds that `evidence` states.
        case odds
        /// It holds as far as l45 can see, and something beyond its sight may differ.
        case warned
        /// It does not hold: such a plan is refused.
        case refuted
    }

    package var kind: Kind
    /// A flow, or two: `dns/0`, `dns/0 and web/0`.
    package var subject: String
    package var verdict: Verdict
    /// One sentence without a full stop, with the numbers.
    package var evidence: String
    /// Of a refutation: place, line and caret, and the nearest that would work, as in `APIFailure.diagnostics`.
    package var diagnostic: String?

    package init(
        _ kind: Kind, _ subject: String, _ verdict: Verdict, _ evidence: String, diagnostic: String? = nil
    ) {
        self.kind = kind
        self.subject = subject
        self.verdict = verdict
        self.evidence = evidence
        self.diagnostic = diagnostic
    }
}
