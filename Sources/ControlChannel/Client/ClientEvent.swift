package import L45Model

/// What happens at an agent's end of the channel.
package enum ClientEvent: Sendable {
    /// The orchestrator took the hello: send what it should know.
    case connected
    case message(OrchestratorMessage)
    /// Also when a try to connect failed. The next one follows by itself after `retryIn`.
    case disconnected(reason: String, retryIn: Span)
    /// A new certificate is kept; the client connects anew with it, by itself.
    case renewed(DeviceIdentity)
    /// The orchestrator takes other authorities from now on, and so does the client.
    case trusting(DeviceIdentity)
    /// The orchestrator withdrew the device's access: only an operator's new token mends it. The client goes on trying.
    case dismissed(ChannelRefusal)
}
