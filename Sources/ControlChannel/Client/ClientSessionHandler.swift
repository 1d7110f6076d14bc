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
    /// What this connection is opened with.
    private var identity: DeviceIdentity
    /// Of the certificate that was asked for.
    private var nextKey: DeviceKey?
    private let verdict: ServerVerdict
    /// Why the connection ended, and whether it was ever open.
    private let outcome: EventLoopPromise<ChannelClient.Outcome>
    private var machine: ClientSession
    private var greetingTimer: Scheduled<Void>?
    private var renewalTimer: Scheduled<Void>?
    private var openedAt: NIODeadline?
    private var reason: String?

    init(
        _ shared: ChannelClient.Shared, _ identity: DeviceIdentity, verdict: ServerVerdict,
        outcome: EventLoopPromise<ChannelClient.Outcome>
    ) {
        self.shared = shared
        self.identity = identity
        self.verdict = verdict
        self.outcome = outcome
        machine = ClientSession(
            device: identity.device, protocols: shared.configuration.protocols,
            verifier: TableVerifier(anchors: identity.anchors, now: shared.configuration.now))
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
            var hello = shared.configuration.hello()
            hello.trusts = identity.anchors.map(\.fingerprint)
            carryOut(machine.handshakeDone(hello), context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !machine.hasEnded else { return }
        do {
            let (inbound, body, signature) = try WireOrchestratorFrame.decodeSigned(unwrapInboundIn(data))
            carryOut(machine.received(inbound, body, signature), context)
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
                renewed(grant, context)
            case .renewalRefused(let refusal):
                shared.logger.info("certificate renewal refused", metadata: ["reason": "\(refusal)"])
            case .trust(let authorities, let renew):
                trust(authorities, renew: renew, context)
            case .end(let refusal):
                reason = refusal.text
                note(refusal)
                shared.closed(context.channel)
                context.close(promise: nil)
            }
        }
    }

    private func open(_ context: ChannelHandlerContext) {
        greetingTimer?.cancel()
        openedAt = context.eventLoop.now
        if shared.accepted(identity) {
            do {
                try shared.configuration.keep(.used(identity))
            } catch {
                // The renewed one stays beside the old one, and is tried first at the next start.
                shared.logger.error("certificate in use is not kept as such", metadata: ["error": "\(error)"])
            }
        }
        write(.opened(payloadBytesMax: Frame.tableBytesMax), context)
        shared.opened(context.channel)
        _ = shared.deliver(.connected)
        renewIfDue(context)
    }

    private func renewIfDue(_ context: ChannelHandlerContext) {
        renewalTimer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.renewalCheckEvery) {
            self.renewIfDue(context)
        }
        guard shared.configuration.now() >= identity.renewAt else { return }
        renew(context)
    }

    private func renew(_ context: ChannelHandlerContext) {
        // A new key each time: one that was copied unseen is of use no longer than its certificate.
        let key = DeviceKey()
        do {
            let actions = machine.renew(try key.signingRequest())
            guard !actions.isEmpty else { return }
            nextKey = key
            carryOut(actions, context)
        } catch {
            shared.logger.info("certificate renewal failed", metadata: ["error": "\(error)"])
        }
    }

    private func renewed(_ grant: EnrolmentGrant, _ context: ChannelHandlerContext) {
        guard let key = nextKey else { return }
        nextKey = nil
        do {
            // The authorities stay those that are trusted, whatever the answer says.
            let next = try DeviceIdentity(key: key, certificatePEM: grant.certificatePEM, anchors: identity.anchors)
            guard next.device == identity.device else {
                throw PkiError.malformed(
                    what: "the renewed certificate", why: "it is for device \(next.device), this is \(identity.device)")
            }
            // On the disk before anybody sees it: its first use ends the life of the old one.
            try shared.configuration.keep(.renewed(next))
            shared.take(renewed: next)
            shared.logger.info("certificate renewed", metadata: ["until": "\(next.expiresAt.rfc3339)"])
            _ = shared.deliver(.renewed(next))
            carryOut(machine.end(ChannelRefusal(.closed, "connecting anew with the renewed certificate")), context)
        } catch {
            shared.logger.error("certificate renewal failed", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Authorities

    private func trust(_ authorities: [String], renew: Bool, _ context: ChannelHandlerContext) {
        do {
            var anchors: [TrustAnchor] = []
            for pem in authorities {
                anchors.append(try TrustAnchor(authorityPEM: pem, now: shared.configuration.now()))
            }
            // Without the one that vouched for this very connection, the device could lock itself out.
            guard let present = verdict.anchor, anchors.contains(present) else {
                throw PkiError.malformed(
                    what: "the set of authorities", why: "the one of this connection is not among them")
            }
            let next = try identity.trusting(anchors)
            if anchors != identity.anchors {
                try shared.configuration.keep(.trusting(next))
                shared.take(trusting: next)
                identity = next
                machine.trust(anchors)
                _ = shared.deliver(.trusting(next))
            }
            send(WireAgentFrame(.trustHeld(anchors.map(\.fingerprint))), context)
            if renew, identity.anchor != anchors.first { self.renew(context) }
        } catch {
            shared.logger.error("authorities not taken", metadata: ["error": "\(error)"])
        }
    }

    /// What the orchestrator's refusal means for the certificate that was shown.
    private func note(_ refusal: ChannelRefusal) {
        switch refusal.code {
        case .certificateOfOtherAuthority, .certificateExpired, .certificateInvalid, .certificateRevoked,
            .deviceNotAllowed:
            guard !shared.refused(identity) else { return }
            if refusal.code == .deviceNotAllowed || refusal.code == .certificateRevoked {
                _ = shared.deliver(.dismissed(refusal))
            }
        default: break
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
