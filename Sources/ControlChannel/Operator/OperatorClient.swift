import Foundation
package import L45Model
package import NIOCore
import NIOPosix

/// Asks an orchestrator. Each call is a connection of its own, so that a client that waits outlives a restart of the
/// orchestrator.
package struct OperatorClient: Sendable {
    package let endpoint: OperatorEndpoint

    package init(_ endpoint: OperatorEndpoint) { self.endpoint = endpoint }

    /// - Parameter path: of the orchestrator's Unix domain socket.
    package init(path: String) { self.init(.socket(path: path)) }

    /// - Parameter within: how long the answer may take.
    /// - Returns: the answer, `.failure` among them.
    package func call(
        _ request: APIRequest, within: TimeAmount = .seconds(60)
    ) async throws(OperatorClientError) -> APIResponse {
        let verdict = ServerVerdict()
        do {
            let frame = try APIFrame.encode(request, allocator: ByteBufferAllocator())
            let answer: EventLoopFuture<ByteBuffer>
            switch endpoint {
            case .socket(let path):
                let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .connect(unixDomainSocketPath: path).get()
                answer = ask(channel, [frame], within, nil)
            case .remote(let host, let port, let credential):
                let greeting = try APIFrame.encode(
                    OperatorGreeting(token: credential.token), allocator: ByteBufferAllocator())
                let tls = try TLS.clientContext(operator: credential.keyFile)
                let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .connectTimeout(within).connect(host: host, port: port).get()
                answer = ask(channel, [greeting, frame], within) {
                    try TLS.clientHandler(tls, trust: credential.trust, now: { .now() }, verdict: verdict)
                }
            }
            let bytes = try await answer.get()
            return try CanonicalJSON.decode(APIResponse.self, from: Data(bytes.readableBytesView))
        } catch {
            if let untrusted = verdict.error { throw OperatorClientError(untrusted, "\(endpoint)") }
            throw OperatorClientError(error, "\(endpoint)")
        }
    }

    private func ask(
        _ channel: any Channel, _ frames: [ByteBuffer], _ within: TimeAmount,
        _ tls: (@Sendable () throws -> any ChannelHandler)?
    ) -> EventLoopFuture<ByteBuffer> {
        let answer = channel.eventLoop.makePromise(of: ByteBuffer.self)
        let setUp = channel.eventLoop.submit {
            let handlers = channel.pipeline.syncOperations
            if let tls { try handlers.addHandler(tls()) }
            try handlers.addHandler(APIFrame.decoder())
            try handlers.addHandler(AnswerHandler(answer, frames, within))
        }
        setUp.whenFailure { answer.fail($0) }
        return answer.futureResult
    }
}

/// Sends frames, each when the one before has been answered well, hands the last answer over, and closes.
private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var answer: EventLoopPromise<ByteBuffer>?
    private var frames: [ByteBuffer]
    private let within: TimeAmount
    private var deadline: Scheduled<Void>?

    init(_ answer: EventLoopPromise<ByteBuffer>, _ frames: [ByteBuffer], _ within: TimeAmount) {
        self.answer = answer
        self.frames = frames
        self.within = within
    }

    func handlerAdded(context: ChannelHandlerContext) {
        guard context.channel.isActive else {
            return end(context, .failure(OperatorClientError.Fault.lost))
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: within) {
            let (handler, context) = bound.value
            let seconds = Int(handler.within.nanoseconds / 1_000_000_000)
            handler.end(context, .failure(OperatorClientError.Fault.late(seconds: seconds)))
        }
        sendNext(context)
    }

    private func sendNext(_ context: ChannelHandlerContext) {
        // A server that refuses may answer and close before it has read everything: its answer counts, not this write.
        context.writeAndFlush(NIOAny(frames.removeFirst()), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        guard !frames.isEmpty, isWelcome(bytes) else { return end(context, .success(bytes)) }
        sendNext(context)
    }

    private func isWelcome(_ bytes: ByteBuffer) -> Bool {
        let welcome = try? CanonicalJSON.decode(OperatorGreeting.Welcome.self, from: Data(bytes.readableBytesView))
        return welcome?.kind == OperatorGreeting.Welcome.kind
    }

    func channelInactive(context: ChannelHandlerContext) { end(context, .failure(OperatorClientError.Fault.lost)) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end(context, .failure(error)) }

    private func end(_ context: ChannelHandlerContext, _ result: Result<ByteBuffer, any Error>) {
        deadline?.cancel()
        answer?.completeWith(result)
        answer = nil
        context.close(promise: nil)
    }
}
