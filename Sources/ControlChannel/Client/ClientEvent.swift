package import L45Model

/// What happens at an agent's end of the channel.
package enum ClientEvent: Sendable {
    /// The orchestrator took the hello: send what it should know.
    case connected
    case message(OrchestratorMessage)
    /// Also when a try to connect failed. The next one follows by itself after `retryIn`.
    case disconnected(reason: String, retryIn: Span)
    /// Use this identity from now on, in this client already done: store it.
    case renewed(DeviceIdentity)
}
