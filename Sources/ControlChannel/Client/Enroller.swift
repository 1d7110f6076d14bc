import Foundation
package import L45Model
package import Logging
package import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import SwiftASN1

/// Gets a device its first certificate.
package enum Enroller {
    /// Connects to the orchestrator, checks by the token's fingerprint that it is the right one before anything is
    /// said, and asks for a certificate for `key`. May be repeated with the same token and key.
    /// - Parameter former: a certificate (PEM) that the device had for this key, maybe expired: it keeps its name so.
    /// - Throws: `ChannelRefusal` when the orchestrator refuses or does not answer; `PkiError` when it is another one,
    ///   or its answer is not valid; otherwise why it could not be reached.
    package static func enrol(
        host: String, port: Int, token: EnrolmentToken, key: DeviceKey, former: String? = nil,
        hostName: String, timeout: Span = .seconds(20), now: @escaping @Sendable () -> Timestamp = { Timestamp.now() },
        group: (any EventLoopGroup)? = nil, logger: Logger
    ) async throws -> DeviceIdentity {
        let signing = try key.signingRequest()
        let tls = try TLS.clientContext(nil)
        let verdict = ServerVerdict()
        let group = group ?? MultiThreadedEventLoopGroup.singleton
        let answer = group.next().makePromise(of: EnrolmentGrant.self)
        var frame = WireAgentFrame()
        frame.enrol.protocolMin = ChannelProtocol.versions.lowerBound
        frame.enrol.protocolMax = ChannelProtocol.versions.upperBound
        frame.enrol.tokenID = token.id
        frame.enrol.tokenSecret = .init(token.secret.bytes)
        frame.enrol.signingRequest = .init(signing.der)
        frame.enrol.hostName = hostName
        if let former { frame.enrol.formerCertificate = .init(try PEMDocument(pemString: former).derBytes) }
        let request = try EncodedFrame(frame, payloadBytesMax: Frame.strangerBytesMax)
        do {
            let channel = try await ClientBootstrap(group: answer.futureResult.eventLoop)
                .connectTimeout(timeout.timeAmount)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers([
                            try TLS.clientHandler(
                                tls, trust: .fingerprint(token.authority), now: now, verdict: verdict),
                            LinkHandler(
                                limits: LinkLimits(
                                    heartbeatEvery: timeout.timeAmount, silenceMax: timeout.timeAmount,
                                    outboundBytesMax: Frame.tableBytesMax)),
                            EnrolHandler(request, timeout: timeout, verdict: verdict, answer: answer),
                        ])
                    }
                }
                .connect(host: host, port: port).get()
            let grant = try await withTaskCancellationHandler {
                try await answer.futureResult.get()
            } onCancel: {
                channel.close(promise: nil)
            }
            channel.close(promise: nil)
            guard let anchor = verdict.anchor else {
                throw PkiError.malformed(what: "the orchestrator's certificate", why: "it was not checked")
            }
            var anchors = [anchor]
            // Told by the one that the token names.
            for pem in grant.furtherAuthorityPEMs {
                anchors.append(try TrustAnchor(authorityPEM: pem, now: now()))
            }
            let identity = try DeviceIdentity(key: key, certificatePEM: grant.certificatePEM, anchors: anchors)
            logger.info(
                "device enrolled",
                metadata: ["device": "\(identity.device)", "until": "\(identity.expiresAt.rfc3339)"])
            return identity
        } catch {
            answer.fail(error)
            throw error
        }
    }
}

/// One connection that asks for a certificate.
private final class EnrolHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = LinkOutput

    private let request: EncodedFrame
    private let timeout: Span
    private let verdict: ServerVerdict
    private let answer: EventLoopPromise<EnrolmentGrant>
    private var timer: Scheduled<Void>?

    init(_ request: EncodedFrame, timeout: Span, verdict: ServerVerdict, answer: EventLoopPromise<EnrolmentGrant>) {
        self.request = request
        self.timeout = timeout
        self.verdict = verdict
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        let timeout = timeout
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout.timeAmount) {
            self.fail(context, ChannelRefusal(.silent, "the orchestrator did not answer within \(timeout)"))
        }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            context.write(wrapOutboundOut(.frame(request)), promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            switch try WireOrchestratorFrame.decode(unwrapInboundIn(data)) {
            case .granted(let grant):
                answer.succeed(grant)
            case .refusal(let refusal):
                fail(context, refusal)
            case .ping, .unknown:
                break
            default:
                fail(context, ChannelRefusal(.protocolOrder, "the orchestrator did not answer the enrolment request"))
            }
        } catch {
            fail(context, error)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(context, verdict.error ?? error) }

    func channelInactive(context: ChannelHandlerContext) {
        fail(context, verdict.error ?? ChannelRefusal(.closed, "the orchestrator closed the connection"))
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    private func fail(_ context: ChannelHandlerContext, _ error: any Error) {
        timer?.cancel()
        answer.fail(error)
        context.close(promise: nil)
    }
}
