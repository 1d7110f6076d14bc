package import ControlChannel
package import L45Model
package import NIOCore

/// What an `AgentMachine` wants done, in this order. Each may be done twice without harm, and the device may die between
/// any two.
package enum AgentOutput: Hashable, Sendable {
    /// Answered by nothing: what is lost is said again after the next `connected`.
    case send(AgentMessage)
    /// Keep on the disk. Answered by `ledgerStored` or `ledgerFailed`.
    case storeLedger(Ledger)
    /// Answered by `published` or `publishFailed`.
    case publish(DeviceTable)
    /// Answered by `read` or `readFailed`.
    case readTap
    /// Have the module answer. Answered by `responded`.
    case challenge(ModuleChallenge)
    /// Answered by `artifactFailed` or nothing.
    case appendArtifact(ArtifactReference, offset: Int, bytes: ByteBuffer)
    /// Answered by `artifactStored`, `artifactBroken` or `artifactFailed`.
    case completeArtifact(ArtifactReference)
    /// Take away every other file.
    case keepArtifacts(Set<Digest>)
}
