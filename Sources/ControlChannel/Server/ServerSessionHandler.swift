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
        let credentials: ServerCredentials
        let table: SessionTable
        let notices: NoticeDesk
        let logger: Logger
    }

    /// To a session: say that you live. Answered once, with false when its connection ends first.
    struct Question: Sendable {
        let answer: @Sendable (_ lives: Bool) -> Void

        func put(to channel: any Channel) {
            let taken = channel.eventLoop.makePromise(of: Void.self)
            // A connection that is closed has nobody left who takes it.
            taken.futureResult.whenFailure { _ in answer(false) }
            channel.triggerUserOutboundEvent(self, promise: taken)
        }
    }

    private let shared: Shared
    private let tls: NIOSSLServerHandler
    private let doorkeeper: Doorkeeper
    private var machine: ServerSession
    private var certificate: PresentedCertificate?
    private var session: SessionID?
    /// Not for what the peer did: nobody is told of a refusal.
    private var isEndedByUs = false
    private var greetingTimer: Scheduled<Void>?
    /// A hello that waits for word of the session that its device has already.
    private var contest: (arrival: SessionTable.Arrival, rival: SessionID, heldFrom: String, timer: Scheduled<Void>)?
    /// What was asked of the agent, and who waits for the answer.
    private var asked: (nonce: UInt64, waiting: [Question])?

    init(_ shared: Shared, tls: NIOSSLServerHandler, doorkeeper: Doorkeeper) {
        self.shared = shared
        self.tls = tls
        self.doorkeeper = doorkeeper
        machine = ServerSession(
            protocols: shared.configuration.protocols, isAllowed: shared.configuration.isAllowed)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let limit = shared.configuration.greetingMax
        greetingTimer = context.eventLoop.assumeIsolated().scheduleTask(in: limit.timeAmount) {
            self.carryOut(
                self.machine.end(ChannelRefusal(.silent, "TLS and hello took more than \(limit)")), context)
        }
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
            refused(ChannelRefusal(.tlsFailed, "TLS did not come about", inside: "\(error)"), context)
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
        switch event {
        case let end as ChannelServer.End:
            isEndedByUs = true
            carryOut(machine.end(end.refusal), context)
            promise?.succeed()
        case let question as Question:
            ask(question, context)
            promise?.succeed()
        default:
            context.triggerUserOutboundEvent(event, promise: promise)
        }
    }

    // MARK: -

    /// Who the certificate says it is. Checked here and not within TLS, so that the agent gets the reason in words.
    private func peer() -> ServerSession.Peer {
        guard let presented = tls.peerCertificate else { return .stranger }
        do {
            let leaf = try Certificate(derEncoded: presented.toDERBytes())
            let certificate = try shared.credentials.anchors.verifyDevice(leaf, now: shared.configuration.now())
            self.certificate = certificate
            guard !shared.configuration.isRevoked(certificate) else {
                return .rejected(
                    ChannelRefusal(
                        .certificateRevoked, "this certificate was withdrawn; enrol the device again with a new token",
                        inside:
                            "certificate \(certificate.serial) of device \(certificate.device) was withdrawn, and was "
                            + "shown again: by a copy of its key, or by a machine that was restored from an old image"))
            }
            return .device(certificate.device)
        } catch {
            return .rejected(ChannelRefusal(certificateError: error))
        }
    }

    private func carryOut(_ actions: [ServerSession.Action], _ context: ChannelHandlerContext) {
        for action in actions {
            switch action {
            case .send(let message):
                send(message, context)
            case .enter(_, let hello):
                guard let certificate else { continue }
                enter(
                    SessionTable.Arrival(
                        certificate: certificate, hello: hello, channel: context.channel, address: from(context)),
                    context)
            case .deliver(let message):
                if let session, shared.table.deliver(message, from: session) { write(.deafen, context) }
            case .enrol(let tokenID, let secret, let signing, let former, let hostName):
                enrol(
                    EnrolmentRequest(
                        tokenID: tokenID, tokenSecret: secret, signingRequest: signing, hostName: hostName,
                        former: formerDevice(former, signing), from: from(context)), context)
            case .renew(let device, let request):
                renew(device, request, context)
            case .here(let nonce):
                answered(nonce)
            case .end(let refusal):
                if !isEndedByUs { refused(refusal, context) }
                closed(refusal.text)
                send(WireOrchestratorFrame(refusal: refusal), context)
                context.close(promise: nil)
            }
        }
    }

    // MARK: Entering

    private func enter(
        _ arrival: SessionTable.Arrival, over silent: SessionID? = nil, _ context: ChannelHandlerContext
    ) {
        switch shared.table.open(arrival, over: silent) {
        case .opened(let session, let superseded):
            open(session, context)
            superseded?.triggerUserOutboundEvent(
                ChannelServer.End(
                    ChannelRefusal(
                        .superseded,
                        "another connection of device \(arrival.certificate.device) took over; is its key in use on "
                            + "two machines?")),
                promise: nil)
        case .contested(let rival, let channel, let address):
            // Whoever has the device's key may be its thief, and so may whoever came first. What is certain is whether both are
            // there: a session that lives is kept, since a device that lost its connection has a dead one.
            let timer = context.eventLoop.assumeIsolated().scheduleTask(
                in: shared.configuration.rivalMax.timeAmount
            ) {
                self.rivalHeard(rival, lives: false, context)
            }
            contest = (arrival, rival, address, timer)
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            Question { lives in
                bound.eventLoop.execute {
                    let (handler, context) = bound.value
                    handler.rivalHeard(rival, lives: lives, context)
                }
            }.put(to: channel)
        }
    }

    private func rivalHeard(_ rival: SessionID, lives: Bool, _ context: ChannelHandlerContext) {
        guard let contest, contest.rival == rival else { return }
        contest.timer.cancel()
        self.contest = nil
        guard !machine.hasEnded else { return }
        guard lives else { return enter(contest.arrival, over: rival, context) }
        let device = contest.arrival.certificate.device
        shared.notices.contested(device, heldFrom: contest.heldFrom, refused: contest.arrival.address)
        carryOut(
            machine.end(
                ChannelRefusal(
                    .deviceElsewhere, "this device is connected from elsewhere; its operator was told",
                    inside: "device \(device) is connected from \(contest.heldFrom), and its key was used from "
                        + "\(contest.arrival.address) at the same time")), context)
    }

    private func open(_ session: SessionID, _ context: ChannelHandlerContext) {
        greetingTimer?.cancel()
        greetingTimer = nil
        doorkeeper.leave()
        self.session = session
        carryOut(machine.entered(), context)
        write(.opened(payloadBytesMax: Frame.reportBytesMax), context)
    }

    // MARK: Signs of life

    private func ask(_ question: Question, _ context: ChannelHandlerContext) {
        guard machine.isOpen else { return question.answer(false) }
        if asked != nil {
            asked?.waiting.append(question)
            return
        }
        let nonce = UInt64.random(in: 1...UInt64.max)
        asked = (nonce, [question])
        send(WireOrchestratorFrame(areYouThere: nonce), context)
    }

    private func answered(_ nonce: UInt64) {
        guard let asked, asked.nonce == nonce else { return }
        self.asked = nil
        for question in asked.waiting { question.answer(true) }
    }

    // MARK: Certificates

    /// By a certificate of ours for the key that asks. A device whose certificate expired keeps its name so.
    private func formerDevice(_ der: [UInt8], _ request: SigningRequest) -> DeviceID? {
        guard !der.isEmpty, let leaf = try? Certificate(derEncoded: der),
            let presented = try? shared.credentials.anchors.verifyDevice(leaf, now: Timestamp(leaf.notValidBefore)),
            request.isFor(leaf.publicKey)
        else { return nil }
        return presented.device
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

    private func renew(_ device: DeviceID, _ request: SigningRequest, _ context: ChannelHandlerContext) {
        let decide = shared.configuration.renew
        context.eventLoop.makeFutureWithTask { await decide(device, request) }.assumeIsolated().whenComplete {
            outcome in
            guard case .success(let decided) = outcome else { return }
            self.carryOut(self.machine.renewalDecided(decided), context)
        }
    }

    // MARK: Ending

    private func closed(_ reason: String) {
        greetingTimer?.cancel()
        greetingTimer = nil
        contest?.timer.cancel()
        contest = nil
        doorkeeper.leave()
        if let asked {
            self.asked = nil
            for question in asked.waiting { question.answer(false) }
        }
        if let session { shared.table.close(session, reason: reason) }
        session = nil
    }

    private func refused(_ refusal: ChannelRefusal, _ context: ChannelHandlerContext) {
        shared.notices.refused(
            refusal, from: context.channel.remoteAddress?.place ?? "unknown", device: certificate?.device)
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
        context.channel.remoteAddress?.hostAndPort ?? "unknown"
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
