import Foundation
package import L45Model
package import NIOCore
import NIOPosix

/// Asks an orchestrator over its Unix domain socket. Each call is a connection of its own, so that a client that
/// waits outlives a restart of the orchestrator.
package struct OperatorClient: Sendable {
    /// Of the orchestrator's socket.
    package let path: String

    package init(path: String) { self.path = path }

    /// - Parameter within: how long the answer may take.
    /// - Returns: the answer, `.failure` among them.
    package func call(
        _ request: APIRequest, within: TimeAmount = .seconds(60)
    ) async throws(OperatorClientError) -> APIResponse {
        do {
            let frame = try APIFrame.encode(request, allocator: ByteBufferAllocator())
            let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(unixDomainSocketPath: path)
                .get()
            let answer = channel.eventLoop.makePromise(of: ByteBuffer.self)
            let setUp = channel.eventLoop.submit {
                let handlers = channel.pipeline.syncOperations
                try handlers.addHandler(APIFrame.decoder())
                try handlers.addHandler(AnswerHandler(answer, frame, within))
            }
            setUp.whenFailure { answer.fail($0) }
            let bytes = try await answer.futureResult.get()
            return try CanonicalJSON.decode(APIResponse.self, from: Data(bytes.readableBytesView))
        } catch {
            throw OperatorClientError(error, path)
        }
    }
}

/// Sends one frame, hands the next one over, and closes.
private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var answer: EventLoopPromise<ByteBuffer>?
    private let request: ByteBuffer
    private let within: TimeAmount
    private var deadline: Scheduled<Void>?

    init(_ answer: EventLoopPromise<ByteBuffer>, _ request: ByteBuffer, _ within: TimeAmount) {
        self.answer = answer
        self.request = request
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
        // A server that refuses may answer and close before it has read everything: its answer counts, not this write.
        context.writeAndFlush(NIOAny(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        end(context, .success(unwrapInboundIn(data)))
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
