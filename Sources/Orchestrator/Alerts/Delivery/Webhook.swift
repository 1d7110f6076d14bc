import Foundation
import L45Model
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A receiver of alerts over HTTP: each is a POST of JSON, signed.
///
/// Headers: `L45-Timestamp`, seconds since 1970; `L45-Signature`, HMAC-SHA256 over timestamp, a dot and the body; and
/// `L45-Delivery`, the same when a message is told again. Receivers refuse what is older than some minutes, so that nothing can be
/// replayed to them. Any status of 200 to 299 is a yes; redirections are not followed.
package struct Webhook: Hashable, Sendable {
    package let text: String
    package let host: String
    package let port: Int
    let isTLS: Bool
    /// Path and query.
    let target: String
    let secret: WebhookSecret
    /// PEM of the authorities that may vouch for the receiver; nil: those of the system.
    let authorities: String?

    package static let secondsMax: Int64 = 10
    static let answerBytesMax = 65_536

    /// - Throws: what is wrong with the URL, in words that do not show it: it may hold a secret.
    package init(_ url: String, secret: WebhookSecret, authorities: String? = nil) throws(WebhookFault) {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
            let host = parts.host, !host.isEmpty
        else { throw .init("a webhook's URL is as https://HOST[:PORT]/PATH") }
        guard scheme == "https" || scheme == "http" else {
            throw .init("a webhook's URL begins with https:// or http://, not \(scheme)://")
        }
        guard parts.user == nil, parts.password == nil else {
            throw .init(
                "a webhook's URL holds no user or password: arguments are seen by all; messages are signed instead")
        }
        guard (1...65_535).contains(parts.port ?? 1) else { throw .init("a webhook's port is 1 to 65535") }
        text = url
        isTLS = scheme == "https"
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        port = parts.port ?? (isTLS ? 443 : 80)
        let path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
        target = path + (parts.percentEncodedQuery.map { "?\($0)" } ?? "")
        self.secret = secret
        self.authorities = authorities
    }

    /// What is wrong before anything is sent; nil: nothing.
    package var problem: String? {
        let read = secret.read()
        guard read.secret != nil else { return read.problem }
        do { _ = try context() } catch { return "\(authorities ?? host): \(error)" }
        return nil
    }

    func post(_ delivery: AlertDelivery, now: Timestamp) async -> AlertDispatch.Failure? {
        let (secret, problem) = secret.read()
        guard let secret else { return .unavailable(problem, retryAfter: nil) }
        do {
            let body = Array(try CanonicalJSON.encode(delivery))
            let answer = try await send(request(body, delivery, secret, now), body)
            return Self.judge(answer)
        } catch {
            return .unavailable("\(host):\(port): \(Self.words(error))", retryAfter: nil)
        }
    }

    private func request(
        _ body: [UInt8], _ delivery: AlertDelivery, _ secret: Secret, _ now: Timestamp
    ) -> HTTPRequestHead {
        let timestamp = "\(now.rawValue / 1000)"
        let name = host.contains(":") ? "[\(host)]" : host
        let headers: HTTPHeaders = [
            "Host": port == (isTLS ? 443 : 80) ? name : "\(name):\(port)",
            "Content-Type": "application/json", "Content-Length": "\(body.count)", "Connection": "close",
            "User-Agent": "l45-nco/\(Build.version)", "L45-Timestamp": timestamp,
            "L45-Delivery": delivery.place.map { "\($0)" } ?? "\(delivery.what.rawValue)-\(now.rawValue)",
            "L45-Signature": WebhookSecret.signature(body, timestamp: timestamp, secret: secret),
        ]
        return HTTPRequestHead(version: .http1_1, method: .POST, uri: target, headers: headers)
    }

    private func context() throws -> NIOSSLContext? {
        guard isTLS else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let authorities { configuration.trustRoots = .file(authorities) }
        return try NIOSSLContext(configuration: configuration)
    }

    private func send(_ head: HTTPRequestHead, _ body: [UInt8]) async throws -> WebhookAnswer {
        let context = try context()
        let group = MultiThreadedEventLoopGroup.singleton
        let answer = group.any().makePromise(of: WebhookAnswer.self)
        let host = host
        let connecting = ClientBootstrap(group: group).connectTimeout(.seconds(Self.secondsMax / 2))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let context {
                        // An address is no name: then the certificate is held against the address itself.
                        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host))
                    }
                    try pipeline.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
                    try pipeline.addHandler(WebhookHandler(head, ByteBuffer(bytes: body), answer))
                }
            }
            .connect(host: host, port: port)
        connecting.whenFailure { answer.fail($0) }
        return try await withTaskCancellationHandler {
            try await answer.futureResult.get()
        } onCancel: {
            connecting.whenSuccess { $0.close(promise: nil) }
        }
    }

    static func judge(_ answer: WebhookAnswer) -> AlertDispatch.Failure? {
        switch answer.status {
        case 200..<300: nil
        case 400, 413, 422: .refused("answers \(answer.status)")
        default: .unavailable("answers \(answer.status)", retryAfter: answer.retryAfter)
        }
    }

    private static func words(_ error: any Error) -> String {
        if let error = error as? NIOConnectionError {
            return error.connectionErrors.first.map { "\($0.error)" } ?? error.dnsAError.map { "\($0)" } ?? "no address"
        }
        return "\(error)"
    }
}

/// What is wrong with a webhook, or what went wrong on the way to it.
package struct WebhookFault: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

/// What a receiver said.
struct WebhookAnswer: Hashable, Sendable {
    var status: Int
    /// It asked to be left alone for so long.
    var retryAfter: Span?
}

/// One request, one answer, and the end of the connection.
private final class WebhookHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let head: HTTPRequestHead
    private let body: ByteBuffer
    private let promise: EventLoopPromise<WebhookAnswer>
    private var answer: WebhookAnswer?
    private var bytes = 0
    private var timeout: Scheduled<Void>?

    init(_ head: HTTPRequestHead, _ body: ByteBuffer, _ promise: EventLoopPromise<WebhookAnswer>) {
        self.head = head
        self.body = body
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        timeout = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(Webhook.secondsMax)) {
            self.fail("no answer within \(Webhook.secondsMax) s", context)
        }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            let seconds = head.headers.first(name: "Retry-After").flatMap { Int64($0) }
            answer = WebhookAnswer(
                status: Int(head.status.code), retryAfter: seconds.map { .seconds(min(max($0, 0), 3600)) })
        case .body(let part):
            bytes += part.readableBytes
            if bytes > Webhook.answerBytesMax { fail("the answer is longer than it may be", context) }
        case .end:
            if let answer { promise.succeed(answer) }
            end(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail("\(error)", context) }

    func channelInactive(context: ChannelHandlerContext) {
        fail("the connection ended before there was an answer", context)
        context.fireChannelInactive()
    }

    private func fail(_ reason: String, _ context: ChannelHandlerContext) {
        // Who has had an answer hears no more of it.
        promise.fail(WebhookFault(reason))
        end(context)
    }

    private func end(_ context: ChannelHandlerContext) {
        timeout?.cancel()
        timeout = nil
        context.close(promise: nil)
    }
}
