import Glibc
import L45Model
package import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// The orchestrator's end of the device channel.
package final class ChannelServer: Sendable {
    /// To a connection: end, for this reason.
    struct End: Sendable {
        let refusal: ChannelRefusal
        init(_ refusal: ChannelRefusal) { self.refusal = refusal }
    }

    /// Connections that the kernel holds until they are accepted.
    private static let backlog: Int32 = 4096

    /// The port listened on.
    package let port: Int
    /// For one consumer. Ends after `stop`.
    package let events: AsyncStream<ChannelEvent>

    private let table: SessionTable
    private let signer: TableSigner?
    private let listener: any Channel
    private let connections: OpenChannels

    private init(table: SessionTable, signer: TableSigner?, listener: any Channel, connections: OpenChannels) {
        self.table = table
        self.signer = signer
        self.listener = listener
        self.connections = connections
        port = listener.localAddress?.port ?? 0
        events = table.events()
    }

    /// Listens.
    /// - Throws: when the address is taken or is none, or the identity is not valid.
    package static func start(
        _ configuration: ChannelServerConfiguration, logger: Logger
    ) async throws -> ChannelServer {
        FileDescriptorLimit.raise()
        let tls = try TLS.serverContext(configuration.identity)
        let table = SessionTable(messagesMax: configuration.inboundMessagesMax)
        let connections = OpenChannels()
        let shared = ServerSessionHandler.Shared(configuration: configuration, table: table, logger: logger)
        let limits = LinkLimits(
            heartbeatEvery: configuration.heartbeatEvery.timeAmount, silenceMax: configuration.silenceMax.timeAmount,
            outboundBytesMax: configuration.outboundBytesMax)
        let group = configuration.group ?? MultiThreadedEventLoopGroup.singleton
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(SocketOptions.noDelay, value: 1)
            .childChannelOption(SocketOptions.notSentLowWater, value: SocketOptions.unsentBytesMax)
            .childChannelOption(.recvAllocator, value: SocketOptions.receiveBuffers)
            .childChannelOption(.writeBufferWaterMark, value: SocketOptions.writeWaterMark)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    connections.insert(channel)
                    let handler = TLS.serverHandler(tls)
                    try channel.pipeline.syncOperations.addHandlers([
                        handler, LinkHandler(limits: limits), ServerSessionHandler(shared, tls: handler),
                    ])
                }
            }
            .bind(host: configuration.host, port: configuration.port).get()
        let server = ChannelServer(
            table: table, signer: configuration.identity.signer, listener: listener, connections: connections)
        logger.info(
            "device channel listens", metadata: ["host": "\(configuration.host)", "port": "\(server.port)"])
        return server
    }

    /// Sessions that stand now.
    package var sessionCount: Int { table.count }

    /// Sends to one session; to one that is gone, nothing happens.
    /// - Throws: `tooLong` when the message does not fit a frame.
    package func send(_ message: OrchestratorMessage, to session: SessionID) throws(FrameError) {
        // A table that cannot be digested cannot be signed, and goes as it is, for the agent to refuse.
        if case .set(let table) = message, let signer, let signed = try? WireOrchestratorFrame(table, signedBy: signer)
        {
            return send(try EncodedFrame(signed, payloadBytesMax: Frame.tableBytesMax), to: [session])
        }
        send(try EncodedFrame(message), to: [session])
    }

    /// Sends the same bytes to many. A session that more waits for than the limit is cut off; it comes back.
    package func send(_ frame: EncodedFrame, to sessions: [SessionID]) {
        write(.frame(frame), to: table.channels(sessions))
    }

    /// Sends a file from `offset` on, a chunk at a time as the device reads; messages overtake it. A second call for
    /// the same file on the same session starts over from its offset.
    package func send(_ artifact: EncodedArtifact, from offset: Int, to session: SessionID) {
        write(.artifact(artifact, from: offset), to: table.channels([session]))
    }

    /// Ends a session: its `disconnected` is the next event of it, and the device is told the reason.
    package func disconnect(_ session: SessionID, _ refusal: ChannelRefusal) {
        table.close(session, reason: refusal.text)?.triggerUserOutboundEvent(End(refusal), promise: nil)
    }

    /// Stops listening, ends all connections, and waits until they are closed.
    package func stop() async {
        try? await listener.close().get()
        let open = connections.all
        for channel in open {
            channel.triggerUserOutboundEvent(
                End(ChannelRefusal(.closed, "the orchestrator is stopping")), promise: nil)
        }
        for channel in open { try? await channel.closeFuture.get() }
        table.finish()
    }

    /// One hop for all the channels of an event loop.
    private func write(_ output: LinkOutput, to channels: [any Channel]) {
        if channels.count == 1 {
            channels[0].write(output, promise: nil)
            return
        }
        for batch in Dictionary(grouping: channels, by: { ObjectIdentifier($0.eventLoop) }).values {
            batch[0].eventLoop.execute {
                for channel in batch { channel.write(output, promise: nil) }
            }
        }
    }
}
