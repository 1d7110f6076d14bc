import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A receiver of webhooks on loopback: real HTTP, with answers that a test chooses.
final class HTTPReceiver: Sendable {
    struct Request: Sendable {
        var head: HTTPRequestHead
        var body: [UInt8]
    }

    private struct State {
        /// Statuses of the next answers; after them, 200.
        var statuses: [HTTPResponseStatus]
        var requests: [Request] = []
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state: Mutex<State>
    private let channel = Mutex<(any Channel)?>(nil)

    init(failing statuses: [HTTPResponseStatus] = []) { state = Mutex(State(statuses: statuses)) }

    /// - Returns: its port.
    @discardableResult
    func start(port: Int = 0) async throws -> Int {
        let made = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(self))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        channel.withLock { $0 = made }
        guard let port = made.localAddress?.port else { throw Unexpected("no port") }
        return port
    }

    func stop() async throws {
        let open = channel.withLock { held in
            defer { held = nil }
            return held
        }
        try await open?.close()
    }

    var requests: [Request] { state.withLock { $0.requests } }

    /// Returns once so many requests have come, answered or not.
    func requests(_ count: Int) async -> [Request] {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.requests.count >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
        return requests
    }

    fileprivate func take(_ request: Request) -> HTTPResponseStatus {
        let (status, ready) = state.withLock { state in
            state.requests.append(request)
            let count = state.requests.count
            let ready = state.waiters.filter { $0.count <= count }
            state.waiters.removeAll { $0.count <= count }
            return (state.statuses.isEmpty ? HTTPResponseStatus.ok : state.statuses.removeFirst(), ready)
        }
        for waiter in ready { waiter.continuation.resume() }
        return status
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let receiver: HTTPReceiver
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(_ receiver: HTTPReceiver) { self.receiver = receiver }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): self.head = head
            case .body(let part): body += part.readableBytesView
            case .end:
                guard let head else { return }
                let status = receiver.take(Request(head: head, body: body))
                let answer = HTTPResponseHead(version: .http1_1, status: status, headers: ["Content-Length": "0"])
                context.write(wrapOutboundOut(.head(answer)), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
