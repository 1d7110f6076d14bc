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

/// On the path between an agent and its orchestrator: hands on what comes, keeps a copy, and can send it again.
final class Eavesdropper: Sendable {
    let port: Int
    /// What agents said, TLS records and all.
    let said = RawSocket.Bytes()
    private let listener: any Channel
    private let outward: Outward

    private final class Outward: Sendable {
        let channel = Mutex<(any Channel)?>(nil)
    }

    init(_ bed: Bed) async throws {
        let said = said
        let outward = Outward()
        self.outward = outward
        let target = bed.server.port
        let opened: @Sendable (any Channel) -> Void = { channel in outward.channel.withLock { $0 = channel } }
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { inward in
                ClientBootstrap(group: inward.eventLoop)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(Pipe(to: inward, copy: nil))
                        }
                    }
                    .connect(host: "127.0.0.1", port: target)
                    .flatMap { channel in
                        opened(channel)
                        return inward.eventLoop.makeCompletedFuture {
                            try inward.pipeline.syncOperations.addHandler(Pipe(to: channel, copy: said))
                        }
                        .flatMap { inward.setOption(.autoRead, value: true) }
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = listener.localAddress?.port ?? 0
    }

    /// Puts bytes into the stream to the orchestrator.
    func inject(_ bytes: [UInt8]) async throws {
        guard let channel = outward.channel.withLock({ $0 }) else { throw Unexpected("nobody is connected") }
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    func stop() async throws {
        try await listener.close()
        outward.channel.withLock { $0 }?.close(promise: nil)
    }

    /// The TLS records in a stream of bytes, whole ones alone (RFC 8446, 5.1).
    static func records(_ bytes: [UInt8]) -> [[UInt8]] {
        var records: [[UInt8]] = []
        var at = 0
        while at + 5 <= bytes.count {
            let end = at + 5 + Int(bytes[at + 3]) << 8 + Int(bytes[at + 4])
            guard end <= bytes.count else { break }
            records.append(Array(bytes[at..<end]))
            at = end
        }
        return records
    }

    private final class Pipe: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let other: any Channel
        private let copy: RawSocket.Bytes?

        init(to other: any Channel, copy: RawSocket.Bytes?) {
            self.other = other
            self.copy = copy
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            copy?.append(bytes)
            other.writeAndFlush(bytes, promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
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
