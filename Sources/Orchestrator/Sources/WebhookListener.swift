import GitSource
import L45Model
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Where forges tell of pushes: `POST /webhook` with a `PushProof`, over HTTP. What it is told causes a look at a
/// repository that is followed anyway, and nothing else; TLS in front of it is a proxy's business.
struct WebhookListener: Sendable {
    let channel: any Channel
    var port: Int { channel.localAddress?.port ?? 0 }

    static let connectionsMax = 64
    static let secondsMax: Int64 = 10

    /// - Parameter answer: takes a body and its proof, and gives a status.
    static func bind(
        host: String, port: Int, answer: @escaping @Sendable ([UInt8], PushProof?) async -> HTTPResponseStatus
    ) async throws -> WebhookListener {
        let open = OpenConnections()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 64)
            .childChannelInitializer { channel in
                guard open.enter() else {
                    return channel.eventLoop.makeFailedFuture(ChannelError.connectTimeout(.seconds(0)))
                }
                channel.closeFuture.whenComplete { _ in open.leave() }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: true)
                    try pipeline.addHandler(WebhookRequestHandler(answer))
                }
            }
            .bind(host: host, port: port).get()
        return WebhookListener(channel: channel)
    }

    func run() async throws {
        let channel = channel
        try await withTaskCancellationHandler {
            try await channel.closeFuture.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }
}

/// How many are connected.
private final class OpenConnections: Sendable {
    private let count = Mutex(0)

    func enter() -> Bool {
        count.withLock { count in
            guard count < WebhookListener.connectionsMax else { return false }
            count += 1
            return true
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}

/// One request, one answer, and the end of the connection. Who is refused learns no more than the status.
private final class WebhookRequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: @Sendable ([UInt8], PushProof?) async -> HTTPResponseStatus
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isAnswered = false
    private var timeout: Scheduled<Void>?

    init(_ answer: @escaping @Sendable ([UInt8], PushProof?) async -> HTTPResponseStatus) { self.answer = answer }

    func channelActive(context: ChannelHandlerContext) {
        timeout = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(WebhookListener.secondsMax)) {
            context.close(promise: nil)
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timeout?.cancel()
        timeout = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            if head.uri.split(separator: "?").first != "/webhook" { return respond(.notFound, context) }
            if head.method != .POST { return respond(.methodNotAllowed, context) }
            let length = head.headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0
            if length > PushNotice.bodyBytesMax { respond(.payloadTooLarge, context) }
        case .body(let part):
            guard !isAnswered else { return }
            guard body.count + part.readableBytes <= PushNotice.bodyBytesMax else {
                return respond(.payloadTooLarge, context)
            }
            body += part.readableBytesView
        case .end:
            guard !isAnswered, let head else { return }
            let proofs = PushProof.headers.flatMap { head.headers[$0.name].map($0.read) }
            let (answer, body) = (answer, body)
            // Two proofs are none.
            context.eventLoop.makeFutureWithTask { await answer(body, proofs.count == 1 ? proofs.first : nil) }
                .assumeIsolated()
                .whenSuccess { self.respond($0, context) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func respond(_ status: HTTPResponseStatus, _ context: ChannelHandlerContext) {
        guard !isAnswered else { return }
        isAnswered = true
        let headers: HTTPHeaders = ["Content-Length": "0", "Connection": "close"]
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated()
            .whenComplete { _ in context.close(promise: nil) }
    }
}

extension NetworkOrchestrator {
    /// nil: repositories are polled alone.
    func openWebhook() async throws -> WebhookListener? {
        guard let door = configuration.git.webhook, let secret = configuration.git.secret else { return nil }
        guard secret.read().secret != nil else {
            throw APIFailure(.badInput, "the webhook's secret: \(secret.read().problem)")
        }
        let listener = try await WebhookListener.bind(host: door.host, port: door.port) { [weak self] body, proof in
            // Read anew, so that another secret counts as soon as it is in the file.
            guard let known = secret.read().secret,
                proof?.holds(for: body, secret: known) == true
            else { return .unauthorized }
            guard let notice = PushNotice(body) else { return .badRequest }
            guard let self else { return .serviceUnavailable }
            return await self.pushed(notice) > 0 ? .accepted : .ok
        }
        webhookPort = listener.port
        logger.info("webhooks taken", metadata: ["listen": "\(door.host):\(listener.port)"])
        return listener
    }
}
