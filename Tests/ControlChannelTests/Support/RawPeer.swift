import L45Model
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

@testable import ControlChannel

/// A client that does what it is told and no more: no heartbeats, no manners.
final class RawPeer: Sendable {
    private let channel: any Channel
    private let payloads: EventQueue<ByteBuffer>
    private let events: Events<ByteBuffer>

    init(
        _ bed: Bed, certificatePEM: String? = nil, key: DeviceKey? = nil,
        adjust: (inout TLSConfiguration) -> Void = { _ in }
    ) async throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        configuration.certificateVerification = .none
        if let certificatePEM, let key {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(certificatePEM.utf8))
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.pem.utf8), format: .pem))
        }
        adjust(&configuration)
        let context = try NIOSSLContext(configuration: configuration)
        let payloads = EventQueue<ByteBuffer>()
        self.payloads = payloads
        events = Events(payloads.stream())
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        try NIOSSLClientHandler(context: context, serverHostname: nil),
                        ByteToMessageHandler(FrameDecoder(payloadBytesMax: Frame.tableBytesMax)),
                        Collector(payloads),
                    ])
                }
            }
            .connect(host: "127.0.0.1", port: bed.server.port).get()
    }

    func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes) }

    /// A byte now, and one more every few milliseconds, until the server has had enough.
    func drip(_ bytes: [UInt8]) {
        let channel = channel
        let left = Mutex(bytes[...])
        let task = channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(5)) { _ in
            guard let byte = left.withLock({ $0.popFirst() }) else { return }
            channel.writeAndFlush(ByteBuffer(bytes: [byte]), promise: nil)
        }
        channel.closeFuture.whenComplete { _ in task.cancel() }
    }

    func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }

    /// Returns when the server has closed the connection.
    func closed() async throws { try await channel.closeFuture.get() }

    func next() async throws -> OrchestratorInbound {
        guard let payload = await events.next() else { throw Unexpected("the server closed without a word") }
        return try WireOrchestratorFrame.decode(payload)
    }

    /// The server's last word; what comes before it is passed over.
    func refusal() async throws -> ChannelRefusal {
        while true {
            if case .refusal(let refusal) = try await next() {
                try await channel.closeFuture.get()
                return refusal
            }
        }
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let payloads: EventQueue<ByteBuffer>
        init(_ payloads: EventQueue<ByteBuffer>) { self.payloads = payloads }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) { payloads.push(unwrapInboundIn(data)) }
        func channelInactive(context: ChannelHandlerContext) { payloads.finish() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
