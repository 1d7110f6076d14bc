import L45Model
import NIOCore
import NIOPosix
import Synchronization

@testable import ControlChannel

/// A connection without TLS, and whatever bytes a rogue sends over it.
final class RawSocket: Sendable {
    let channel: any Channel
    /// Bytes that came.
    let heard: Bytes

    final class Bytes: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        func append(_ buffer: ByteBuffer) { bytes.withLock { $0 += buffer.readableBytesView } }
        var all: [UInt8] { bytes.withLock { $0 } }
    }

    init(_ bed: Bed) async throws {
        let heard = Bytes()
        self.heard = heard
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Listener(heard))
                }
            }
            .connect(host: "127.0.0.1", port: bed.server.port).get()
    }

    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

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

    /// Returns when the server has closed the connection.
    func closed() async throws { try await channel.closeFuture.get() }

    private final class Listener: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let heard: Bytes
        init(_ heard: Bytes) { self.heard = heard }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) { heard.append(unwrapInboundIn(data)) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

/// What a server told of peers that did not become sessions.
final class Notices: Sendable {
    private let stream: AsyncStream<ChannelNotice>
    private let continuation: AsyncStream<ChannelNotice>.Continuation
    let all = Mutex<[ChannelNotice]>([])
    let events: Events<ChannelNotice>

    init() {
        (stream, continuation) = AsyncStream.makeStream()
        events = Events(stream)
    }

    func add(_ notice: ChannelNotice) {
        all.withLock { $0.append(notice) }
        continuation.yield(notice)
    }

    func refusal() async -> RefusedPeer? {
        await events.first { if case .refused(let peer) = $0 { peer } else { nil } }
    }
}
