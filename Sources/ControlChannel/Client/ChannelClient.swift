import L45Model
package import Logging

/// An agent's end of the device channel.
package final class ChannelClient: Sendable {
    /// For one consumer. Ends when `run` returns.
    package let events: AsyncStream<ClientEvent>

    package init(_ configuration: ChannelClientConfiguration, logger: Logger) {
        events = AsyncStream { $0.finish() }
    }

    /// Sends over the present connection.
    /// - Returns: false when there is none, or the message does not fit a frame: it is dropped. After `connected` send
    ///   the whole state again.
    @discardableResult
    package func send(_ message: AgentMessage) -> Bool { false }

    /// Connects, and connects again whenever the connection is lost, until the task is cancelled.
    package func run() async {}
}
