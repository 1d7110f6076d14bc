import L45Model
import NIOCore

/// The server's end of one operator's connection. Reads a request only when those before it are answered, so that a
/// client which asks faster than it listens fills its own socket and not our memory.
struct OperatorConnection: Sendable {
    let channel: any Channel
    /// Ends when the client ends its side, or the connection is lost.
    let frames: AsyncStream<APIFrame>
    private let handler: NIOLoopBound<RequestHandler>

    /// On the channel's event loop, before anything is read.
    /// - Parameter decoder: cuts what comes into frames.
    init(
        _ channel: any Channel, decoder: FrameDecoder = FrameDecoder(payloadBytesMax: APIVersion.frameBytesMax)
    ) throws {
        let (frames, continuation) = AsyncStream<APIFrame>.makeStream()
        let handler = RequestHandler(continuation)
        try channel.pipeline.syncOperations.addHandlers(ByteToMessageHandler(decoder), handler)
        self.channel = channel
        self.frames = frames
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    /// Sends the answer to the oldest request that has none yet.
    func answer(_ bytes: ByteBuffer) async throws {
        try await channel.writeAndFlush(bytes).get()
        let handler = handler
        channel.eventLoop.execute { handler.value.answered() }
    }
}

/// Hands frames over and asks for more bytes when none of them waits.
private final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let frames: AsyncStream<APIFrame>.Continuation
    private var unanswered = 0
    private var context: ChannelHandlerContext?

    init(_ frames: AsyncStream<APIFrame>.Continuation) { self.frames = frames }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        frames.finish()
    }

    func channelActive(context: ChannelHandlerContext) { context.read() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        take(.bytes(unwrapInboundIn(data)))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if unanswered == 0 { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case NIOCore.ChannelEvent.inputClosed = event { frames.finish() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Half a frame at the end is no request; one that is too long is told so.
        if case FrameError.tooLong(let bytes, _) = error { take(.tooLong(bytes)) }
        frames.finish()
    }

    private func take(_ frame: APIFrame) {
        unanswered += 1
        frames.yield(frame)
    }

    func answered() {
        unanswered -= 1
        if unanswered == 0 { context?.read() }
    }
}
