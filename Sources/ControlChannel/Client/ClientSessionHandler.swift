import L45Model
import Logging
import NIOCore
import NIOSSL
import NIOTLS

/// Carries out what `ClientSession` decides, for one connection.
final class ClientSessionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = LinkOutput

    /// How often the certificate's age is looked at.
    private static let renewalCheckEvery = TimeAmount.minutes(10)

    private let shared: ChannelClient.Shared
    private let verdict: ServerVerdict
    /// Why the connection ended, and whether it was ever open.
    private let outcome: EventLoopPromise<ChannelClient.Outcome>
    private var machine: ClientSession
    private var greetingTimer: Scheduled<Void>?
    private var renewalTimer: Scheduled<Void>?
    private var openedAt: NIODeadline?
    private var reason: String?

    init(_ shared: ChannelClient.Shared, verdict: ServerVerdict, outcome: EventLoopPromise<ChannelClient.Outcome>) {
        self.shared = shared
        self.verdict = verdict
        self.outcome = outcome
        machine = ClientSession(
            device: shared.configuration.identity.device, protocols: shared.configuration.protocols,
            verifier: TableVerifier(anchor: shared.configuration.identity.anchor, now: shared.configuration.now))
    }

    func channelActive(context: ChannelHandlerContext) {
        let limit = shared.configuration.greetingMax
        greetingTimer = context.eventLoop.assumeIsolated().scheduleTask(in: limit.timeAmount) {
            self.carryOut(
                self.machine.end(ChannelRefusal(.silent, "the orchestrator did not answer within \(limit)")), context)
        }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            carryOut(machine.handshakeDone(shared.configuration.hello()), context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !machine.hasEnded else { return }
        do {
            let (inbound, signature) = try WireOrchestratorFrame.decodeSigned(unwrapInboundIn(data))
            carryOut(machine.received(inbound, signature: signature), context)
        } catch {
            carryOut(machine.end(error), context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let refusal = error as? ChannelRefusal { return carryOut(machine.end(refusal), context) }
        if !machine.hasEnded {
            if let refused = verdict.error {
                reason = refused.description
            } else if case .uncleanShutdown? = error as? NIOSSLError {
                reason = "the connection was cut off"
            } else {
                reason = "the connection failed: \(error)"
            }
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(context)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { finish(context) }

    private func carryOut(_ actions: [ClientSession.Action], _ context: ChannelHandlerContext) {
        for action in actions {
            switch action {
            case .send(let message):
                send(message, context)
            case .open:
                open(context)
            case .deliver(let message):
                if shared.deliver(.message(message)) { write(.deafen, context) }
            case .renewed(let grant):
                renewed(grant)
            case .renewalRefused(let refusal):
                shared.logger.info("certificate renewal refused", metadata: ["reason": "\(refusal)"])
            case .end(let refusal):
                reason = refusal.text
                shared.closed(context.channel)
                context.close(promise: nil)
            }
        }
    }

    private func open(_ context: ChannelHandlerContext) {
        greetingTimer?.cancel()
        openedAt = context.eventLoop.now
        write(.opened(payloadBytesMax: Frame.tableBytesMax), context)
        shared.opened(context.channel)
        _ = shared.deliver(.connected)
        renewIfDue(context)
    }

    private func renewIfDue(_ context: ChannelHandlerContext) {
        renewalTimer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.renewalCheckEvery) {
            self.renewIfDue(context)
        }
        let identity = shared.identity
        guard shared.configuration.now() >= identity.renewAt else { return }
        do {
            carryOut(machine.renew(try identity.key.signingRequest()), context)
        } catch {
            shared.logger.info("certificate renewal failed", metadata: ["error": "\(error)"])
        }
    }

    private func renewed(_ grant: EnrolmentGrant) {
        let old = shared.identity
        do {
            // The authority stays the one that is pinned, whatever the answer says.
            let identity = try DeviceIdentity(
                key: old.key, certificatePEM: grant.certificatePEM, authorityPEM: old.anchor.certificatePEM)
            shared.use(identity)
            shared.logger.info("certificate renewed", metadata: ["until": "\(identity.expiresAt.rfc3339)"])
            _ = shared.deliver(.renewed(identity))
        } catch {
            shared.logger.info("certificate renewal failed", metadata: ["error": "\(error)"])
        }
    }

    private func finish(_ context: ChannelHandlerContext) {
        greetingTimer?.cancel()
        renewalTimer?.cancel()
        shared.closed(context.channel)
        let lasted = openedAt.map { context.eventLoop.now - $0 }
        outcome.succeed(
            ChannelClient.Outcome(reason: reason ?? "the orchestrator closed the connection", openFor: lasted))
    }

    private func send(_ message: WireAgentFrame, _ context: ChannelHandlerContext) {
        do {
            write(.frame(try EncodedFrame(message, payloadBytesMax: Frame.reportBytesMax)), context)
        } catch {
            shared.logger.info("message not sent", metadata: ["error": "\(error)"])
        }
    }

    private func write(_ output: LinkOutput, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(output), promise: nil)
    }
}
