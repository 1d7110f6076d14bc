import L45Model
package import Logging
import NIOCore

/// The orchestrator's end of the device channel.
package final class ChannelServer: Sendable {
    /// The port listened on.
    package let port: Int
    /// For one consumer. Ends after `stop`.
    package let events: AsyncStream<ChannelEvent>

    private init(port: Int, events: AsyncStream<ChannelEvent>) {
        self.port = port
        self.events = events
    }

    /// Listens.
    /// - Throws: when the address is taken or is none, or the identity is not valid.
    package static func start(_ configuration: ChannelServerConfiguration, logger: Logger) async throws -> ChannelServer {
        fatalError()
    }

    /// Sends to one session; to one that is gone, nothing happens.
    /// - Throws: `tooLong` when the message does not fit a frame.
    package func send(_ message: OrchestratorMessage, to session: SessionID) throws(FrameError) {
        send(try EncodedFrame(message), to: [session])
    }

    /// Sends the same bytes to many.
    package func send(_ frame: EncodedFrame, to sessions: [SessionID]) {}

    /// Sends a file from `offset` on, a chunk at a time as the device reads; messages overtake it. A second call for the
    /// same file on the same session starts over from its offset.
    package func send(_ artifact: EncodedArtifact, from offset: Int, to session: SessionID) {}

    /// Ends a session; `reason` goes to the device and into the event.
    package func disconnect(_ session: SessionID, reason: ChannelRefusal) {}

    /// Stops listening, ends all sessions, and waits until they are closed.
    package func stop() async {}
}
