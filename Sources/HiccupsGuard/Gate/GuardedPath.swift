package import L45Model

/// One path under guard.
package struct GuardedPath: Hashable, Sendable {
    /// Unique on this device: `INTENT/DESTINATION`.
    package var name: String
    /// Whom the gates are for.
    package var destination: AddressBlock
    package var policy: PathPolicy
    /// The far device can be told to gate.
    package var farAgent: Bool
    /// Who is probed; nil where the prober knows by itself.
    package var target: ProbeTarget?
    /// Where the probed host's agent takes test transfers; nil: it has none.
    package var ratePort: UInt16?

    package init(
        name: String, destination: AddressBlock, policy: PathPolicy, farAgent: Bool, target: ProbeTarget? = nil,
        ratePort: UInt16? = nil
    ) {
        self.target = target
        self.ratePort = ratePort
        self.name = name
        self.destination = destination
        self.policy = policy
        self.farAgent = farAgent
    }
}

/// Looks at a path: an interrogation over real sockets, or a script in tests.
package protocol PathProber: Sendable {
    /// Must not be hidden from the path by our own gates: send below netfilter (AF_PACKET).
    /// - Throws: in words for the operator, when nothing could be sent.
    func look(at path: GuardedPath) async throws -> PathSight
    /// The same, with the keys of paths; one that can not sign stays as it is.
    func signing(with secrets: any PathSecrets) -> any PathProber
}

extension PathProber {
    package func signing(with secrets: any PathSecrets) -> any PathProber { self }
}

/// Measures what an ordinary connection over a path achieves.
package protocol PathMeter: Sendable {
    /// Bits a second; nil where there is nothing to measure with.
    func rate(of path: GuardedPath) async -> Double?
}

/// The far ends of paths, reached through the orchestrator.
package protocol FarGates: Sendable {
    /// These gates for connections over `path` from this device, and no others. Returns when they are in force.
    func set(_ gates: [PathGate], for path: GuardedPath) async throws
}
