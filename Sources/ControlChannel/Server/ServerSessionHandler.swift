import L45Model
import Logging
import NIOCore
import NIOSSL
import NIOTLS
import SwiftASN1
import X509

/// Carries out what `ServerSession` decides, for one connection.
final class ServerSessionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = LinkOutput
    typealias OutboundOut = LinkOutput

    /// What all connections of a server share.
    struct Shared: Sendable {
        let configuration: ChannelServerConfiguration
        let table: SessionTable
        let logger: Logger
    }

    private let shared: Shared
    private let tls: NIOSSLServerHandler
    private var machine: ServerSession
    private var session: SessionID?
    private var greetingTimer: Scheduled<Void>?

    init(_ shared: Shared, tls: NIOSSLServerHandler) {
        self.shared = shared
        self.tls = tls
        machine = ServerSession(
            protocols: shared.configuration.protocols, isAllowed: shared.configuration.isAllowed)
    }

    func channelActive(context: ChannelHandlerContext) {
        let limit = shared.configuration.greetingMax
        greetingTimer = context.eventLoop.assumeIsolated().scheduleTask(in: limit.timeAmount) {
            self.carryOut(
                self.machine.end(ChannelRefusal(.silent, "TLS and hello took more than \(limit)")), context)
        }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            carryOut(machine.handshakeDone(peer()), context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !machine.hasEnded else { return }
        do {
            carryOut(machine.received(try WireAgentFrame.decode(unwrapInboundIn(data))), context)
        } catch {
            carryOut(machine.end(error), context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let refusal = error as? ChannelRefusal { return carryOut(machine.end(refusal), context) }
        if machine.hasEnded { return context.close(promise: nil) }
        var reason = "the connection failed: \(error)"
        if case .uncleanShutdown? = error as? NIOSSLError { reason = "the agent's connection was cut off" }
        if case .handshakeFailed? = error as? NIOSSLError {
            shared.logger.info(
                "TLS handshake failed", metadata: ["from": "\(from(context))", "error": "\(error)"])
        }
        // Nothing can be said over a connection that failed.
        _ = machine.end(ChannelRefusal(.closed, reason))
        closed(reason)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        _ = machine.end(ChannelRefusal(.closed, "the agent closed the connection"))
        closed("the agent closed the connection")
        context.fireChannelInactive()
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let end = event as? ChannelServer.End else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        carryOut(machine.end(end.refusal), context)
        promise?.succeed()
    }

    // MARK: -

    /// Who the certificate says it is. Checked here and not within TLS, so that the agent gets the reason in words.
    private func peer() -> ServerSession.Peer {
        guard let presented = tls.peerCertificate else { return .stranger }
        do {
            let certificate = try Certificate(derEncoded: presented.toDERBytes())
            return .device(
                try shared.configuration.identity.anchor.verifyDevice(certificate, now: shared.configuration.now()))
        } catch {
            return .rejected(ChannelRefusal(certificateError: error))
        }
    }

    private func carryOut(_ actions: [ServerSession.Action], _ context: ChannelHandlerContext) {
        for action in actions {
            switch action {
            case .send(let message):
                send(message, context)
            case .open(let device, let hello):
                open(device, hello, context)
            case .deliver(let message):
                if let session, shared.table.deliver(message, from: session) { write(.deafen, context) }
            case .enrol(let tokenID, let secret, let signing, let hostName):
                enrol(
                    EnrolmentRequest(
                        tokenID: tokenID, tokenSecret: secret, signingRequest: signing, hostName: hostName,
                        from: from(context)), context)
            case .renew(let request):
                renew(request, context)
            case .end(let refusal):
                shared.logger.info(
                    "connection ended",
                    metadata: ["from": "\(from(context))", "code": "\(refusal.code)", "reason": "\(refusal)"])
                closed(refusal.text)
                send(WireOrchestratorFrame(refusal: refusal), context)
                context.close(promise: nil)
            }
        }
    }

    private func open(_ device: DeviceID, _ hello: AgentHello, _ context: ChannelHandlerContext) {
        greetingTimer?.cancel()
        greetingTimer = nil
        write(.opened(payloadBytesMax: Frame.reportBytesMax), context)
        let (session, superseded) = shared.table.open(device, hello, context.channel)
        self.session = session
        superseded?.triggerUserOutboundEvent(
            ChannelServer.End(
                ChannelRefusal(
                    .superseded,
                    "another connection of device \(device) took over; is its key in use on two machines?")),
            promise: nil)
    }

    private func enrol(_ request: EnrolmentRequest, _ context: ChannelHandlerContext) {
        let decide = shared.configuration.enrol
        context.eventLoop.makeFutureWithTask { await decide(request) }.assumeIsolated().whenComplete { outcome in
            guard case .success(let decided) = outcome else { return }
            if case .success = decided {
                self.shared.logger.info(
                    "device enrolled",
                    metadata: [
                        "device": "\(request.device)", "host": "\(request.hostName)", "token": "\(request.tokenID)",
                        "from": "\(request.from)",
                    ])
            }
            self.carryOut(self.machine.enrolmentDecided(decided), context)
        }
    }

    private func renew(_ request: SigningRequest, _ context: ChannelHandlerContext) {
        let decide = shared.configuration.renew
        context.eventLoop.makeFutureWithTask { await decide(request) }.assumeIsolated().whenComplete { outcome in
            guard case .success(let decided) = outcome else { return }
            self.carryOut(self.machine.renewalDecided(decided), context)
        }
    }

    private func closed(_ reason: String) {
        greetingTimer?.cancel()
        greetingTimer = nil
        if let session { shared.table.close(session, reason: reason) }
        session = nil
    }

    private func send(_ message: WireOrchestratorFrame, _ context: ChannelHandlerContext) {
        // These are all short.
        guard let frame = try? EncodedFrame(message, payloadBytesMax: Frame.tableBytesMax) else { return }
        write(.frame(frame), context)
    }

    private func write(_ output: LinkOutput, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(output), promise: nil)
    }

    private func from(_ context: ChannelHandlerContext) -> String {
        context.channel.remoteAddress.map { "\($0)" } ?? "unknown"
    }
}

extension ChannelRefusal {
    init(certificateError error: any Error) {
        switch error as? PkiError {
        case .otherAuthority?: self.init(.certificateOfOtherAuthority, "\(error)")
        case .expired?, .notYetValid?: self.init(.certificateExpired, "\(error)")
        default: self.init(.certificateInvalid, "\(error)")
        }
    }
}
