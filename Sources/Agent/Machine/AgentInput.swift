package import KernelTap
package import L45Model
package import NIOCore

/// What an `AgentMachine` is told. The result of an output comes before any other input.
package enum AgentInput: Sendable {
    /// First of all, once.
    case started
    /// The orchestrator took the hello.
    case connected
    /// How often it wants to hear of the device.
    case welcomed(reportEvery: Span)
    case disconnected
    /// Take this whole state. `unfit`: why the tap could not carry it (`Tap.check`); nil when it can.
    case set(DeviceTable, unfit: String?)
    case reportWanted
    /// For a module of the tap.
    case challenged(ModuleChallenge)
    case artifactChunk(ArtifactReference, offset: Int, bytes: ByteBuffer)
    /// The orchestrator has no such file.
    case artifactMissing(ArtifactReference)
    /// Time has passed; at `AgentMachine.wakeAt` at the latest, earlier does no harm.
    case tick

    /// The tap told something unasked.
    case noticed(TapNotice)

    // Results of outputs.
    case responded(ModuleAnswer)
    case ledgerStored(Generation)
    case ledgerFailed(Generation, reason: String)
    case published(Generation)
    case publishFailed(Generation, reason: String)
    case read(TapReading)
    case readFailed(reason: String)
    case artifactStored(ArtifactReference)
    /// All of it came, with another digest; it was thrown away.
    case artifactBroken(ArtifactReference)
    case artifactFailed(ArtifactReference, reason: String)
}
