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
    private let listener: any Channel
    private let connections: OpenChannels
    private let credentials: ServerCredentials
    private let door: Door

    private init(
        table: SessionTable, listener: any Channel, connections: OpenChannels, credentials: ServerCredentials,
        door: Door
    ) {
        self.credentials = credentials
        self.door = door
        self.table = table
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
        let credentials = try ServerCredentials(
            configuration.identity,
            trusting: configuration.anchors.isEmpty ? [configuration.identity.anchor] : configuration.anchors)
        let table = SessionTable(messagesMax: configuration.inboundMessagesMax)
        let connections = OpenChannels()
        let door = Door(most: configuration.waitingMax, mostOfOneAddress: configuration.waitingPerAddressMax)
        let notices = NoticeDesk(tell: configuration.notice, logger: logger)
        let shared = ServerSessionHandler.Shared(
            configuration: configuration, credentials: credentials, table: table, notices: notices, logger: logger)
        let limits = LinkLimits(
            heartbeatEvery: configuration.heartbeatEvery.timeAmount, silenceMax: configuration.silenceMax.timeAmount,
            outboundBytesMax: configuration.outboundBytesMax, frameMax: configuration.frameMax.timeAmount)
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
                    try channel.pipeline.syncOperations.addHandler(
                        doorkeeper(door, silentMax: configuration.silentMax, limits, shared))
                }
            }
            .bind(host: configuration.host, port: configuration.port).get()
        let server = ChannelServer(
            table: table, listener: listener, connections: connections, credentials: credentials, door: door)
        logger.info(
            "device channel listens", metadata: ["host": "\(configuration.host)", "port": "\(server.port)"])
        return server
    }

    private static func doorkeeper(
        _ door: Door, silentMax: Span, _ limits: LinkLimits, _ shared: ServerSessionHandler.Shared
    ) -> Doorkeeper {
        Doorkeeper(
            door, silentMax: silentMax.timeAmount,
            notice: { shared.notices.refused($0, from: $1, device: nil) },
            begin: { doorkeeper, context in
                let tls = TLS.serverHandler(shared.credentials.context)
                try context.pipeline.syncOperations.addHandlers([
                    tls, LinkHandler(limits: limits),
                    ServerSessionHandler(shared, tls: tls, doorkeeper: doorkeeper),
                ])
            })
    }

    /// Serves new connections with another certificate, and takes devices' certificates of these authorities; those that stand
    /// are left alone.
    /// - Throws: when the identity is not valid; then nothing changed.
    package func use(_ identity: OrchestratorIdentity, trusting anchors: [TrustAnchor]) throws {
        try credentials.replace(identity, trusting: anchors)
    }

    /// What the device showed when it opened this session; nil: the session is over.
    package func certificate(of session: SessionID) -> PresentedCertificate? { table.certificate(of: session) }

    /// Where a session is from, with the port.
    package func address(of session: SessionID) -> String? { table.address(of: session) }

    /// Connections that have not yet said who they are.
    package var waitingCount: Int { door.count }

    /// Asks a session for a sign of life, and waits for it.
    /// - Returns: whether it came; false once the session is over.
    package func isAlive(_ session: SessionID) async -> Bool {
        guard let channel = table.channels([session]).first else { return false }
        return await withCheckedContinuation { continuation in
            ServerSessionHandler.Question { continuation.resume(returning: $0) }.put(to: channel)
        }
    }

    /// Sessions that stand now.
    package var sessionCount: Int { table.count }

    /// Sends to one session; to one that is gone, nothing happens.
    /// - Throws: `tooLong` when the message does not fit a frame.
    package func send(_ message: OrchestratorMessage, to session: SessionID) throws(FrameError) {
        // What cannot be digested cannot be signed, and goes as it is, for the agent to refuse.
        let frame =
            credentials.signer.flatMap { try? WireOrchestratorFrame(message, signedBy: $0) }
            ?? WireOrchestratorFrame(message)
        send(try EncodedFrame(frame, payloadBytesMax: Frame.tableBytesMax), to: [session])
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
