package import L45Model
package import NIOCore

/// What an agent says to its orchestrator. On the wire: `Protocol/control.proto`.
package enum AgentMessage: Hashable, Sendable {
    /// First on every connection.
    case hello(AgentHello)
    case report(DeviceReport)
    /// A table was not taken: it is older than the ledger's, or the same generation with other content, or the tap can
    /// not carry it. The reason is for the operator.
    case refused(Generation, reason: String)
    /// The agent lacks this file from `offset` on.
    case artifactWanted(ArtifactReference, offset: Int)
    /// For the trail of events, such as the operations done.
    case event(Event)
    /// How its paths stand.
    case paths(PathReport)
    /// It keeps the keys that came under this tag.
    case pathKeysHeld(tag: String)
    /// What it saw of single exchanges.
    case pathExchanges(PathExchanges)
    /// What became of a challenge.
    case moduleAnswer(ModuleAnswer)
    /// It trusts these authorities and no others, by fingerprint, and will after a restart.
    case trustHeld([Digest])
}

/// The agent's check-in (seed 2.2.1).
package struct AgentHello: Hashable, Sendable {
    package var facts: DeviceFacts
    package var bootID: String
    /// The generation in the agent's ledger: an orchestrator restored from a backup goes on above it.
    package var ledgerGeneration: Generation
    /// Of the path table that the agent keeps, 0 none; nil: the agent can not guard paths.
    package var pathGeneration: Generation?
    /// Of the keys of paths that it keeps, empty where it has none; nil: it takes none.
    package var pathKeysTag: String?
    /// Its tap's modules can be challenged.
    package var answersChallenges: Bool
    /// Fingerprints of the authorities that it trusts; empty: it can not take another one. Filled in by the channel.
    package var trusts: [Digest]

    package init(
        facts: DeviceFacts, bootID: String, ledgerGeneration: Generation, pathGeneration: Generation? = nil,
        pathKeysTag: String? = nil, answersChallenges: Bool = false, trusts: [Digest] = []
    ) {
        self.answersChallenges = answersChallenges
        self.trusts = trusts
        self.pathKeysTag = pathKeysTag
        self.pathGeneration = pathGeneration
        self.facts = facts
        self.bootID = bootID
        self.ledgerGeneration = ledgerGeneration
    }
}

/// What an orchestrator says to an agent.
package enum OrchestratorMessage: Hashable, Sendable {
    /// Answers `hello`.
    case welcome(DeviceID, reportEvery: Span)
    /// Take this whole state.
    case set(DeviceTable)
    case reportWanted
    /// A stretch of a file; cut small (64 KiB), so that it can not delay a command.
    case artifactChunk(ArtifactReference, offset: Int, bytes: ByteBuffer)
    /// There is no such file here.
    case artifactMissing(ArtifactReference)
    /// Take this whole state of paths.
    case setPaths(PathTable)
    /// A path table came that says something impossible. Made at the agent's end, never sent.
    case pathsInvalid(Generation, why: String)
    /// The far devices of this path have these gates and no others.
    case farGatesHeld(PathName, [PathGate])
    /// Have these keys of paths and no others.
    case pathKeys(PathKeys)
    /// Relay this to the module that it is for, and its answer back.
    case challenge(ModuleChallenge)
    /// Trust these authorities (PEM, at most 4) and no others; with `renew`, ask for a certificate of the first one.
    /// Carried out by the channel itself.
    case trust([String], renew: Bool)
}
