import L45Model
import NIOCore

/// The server's side of one connection, from the end of the TLS handshake on. Pure: what happened in, what to do out.
struct ServerSession {
    /// Who is at the other end, by its certificate.
    enum Peer: Equatable {
        /// None was shown: it may enrol and nothing else.
        case stranger
        case device(DeviceID)
        /// One was shown that is not good.
        case rejected(ChannelRefusal)
    }

    private enum State: Equatable {
        case handshaking
        case greeting(Peer)
        /// The request is with whoever knows the tokens.
        case enrolling
        /// The certificate was sent; the device is to come back with it.
        case enrolled
        /// The hello was taken; whether the device may be a session is being found out.
        case entering(DeviceID, version: UInt32)
        case open(DeviceID, renewing: Bool)
        case ended
    }

    enum Action: Equatable {
        case send(WireOrchestratorFrame)
        /// Make a session of it, then say so by `entered`.
        case enter(DeviceID, AgentHello)
        case deliver(AgentMessage)
        case enrol(tokenID: String, tokenSecret: Secret, SigningRequest, former: [UInt8], hostName: String)
        case renew(DeviceID, SigningRequest)
        /// It lives, and answered the question of this number.
        case here(UInt64)
        /// Send the refusal as the last frame and close.
        case end(ChannelRefusal)
    }

    /// An agent needs one in the life of a connection: it comes back with what it got.
    static let renewalsMax = 4

    private var state = State.handshaking
    private var renewals = 0
    private let protocols: ClosedRange<UInt32>
    private let isAllowed: (DeviceID) -> Bool

    init(protocols: ClosedRange<UInt32>, isAllowed: @escaping (DeviceID) -> Bool) {
        self.protocols = protocols
        self.isAllowed = isAllowed
    }

    var isOpen: Bool { if case .open = state { true } else { false } }
    var hasEnded: Bool { state == .ended }

    mutating func handshakeDone(_ peer: Peer) -> [Action] {
        guard state == .handshaking else { return [] }
        state = .greeting(peer)
        if case .rejected(let refusal) = peer { return end(refusal) }
        return []
    }

    mutating func received(_ inbound: AgentInbound) -> [Action] {
        if inbound == .ping || inbound == .unknown { return [] }
        switch state {
        case .handshaking, .ended:
            return []
        case .greeting(let peer):
            return greeted(peer, by: inbound)
        case .enrolling, .enrolled:
            return end(ChannelRefusal(.protocolOrder, "nothing may follow an enrolment request on its connection"))
        case .entering:
            return end(ChannelRefusal(.protocolOrder, "nothing may follow a hello before it is answered"))
        case .open(let device, let renewing):
            return received(inbound, from: device, renewing: renewing)
        }
    }

    /// The device is a session now.
    mutating func entered() -> [Action] {
        guard case .entering(let device, let version) = state else { return [] }
        state = .open(device, renewing: false)
        return [.send(WireOrchestratorFrame(accepted: version))]
    }

    mutating func enrolmentDecided(_ result: Result<EnrolmentGrant, EnrolmentRefusal>) -> [Action] {
        guard state == .enrolling else { return [] }
        switch result {
        case .success(let grant):
            state = .enrolled
            return [.send(WireOrchestratorFrame(granted: grant))]
        case .failure(let refusal):
            return end(refusal.refusal)
        }
    }

    mutating func renewalDecided(_ result: Result<EnrolmentGrant, EnrolmentRefusal>) -> [Action] {
        guard case .open(let device, renewing: true) = state else { return [] }
        state = .open(device, renewing: false)
        switch result {
        case .success(let grant): return [.send(WireOrchestratorFrame(granted: grant))]
        case .failure(let refusal): return [.send(WireOrchestratorFrame(renewalRefused: refusal.refusal))]
        }
    }

    mutating func end(_ refusal: ChannelRefusal) -> [Action] {
        guard state != .ended else { return [] }
        state = .ended
        return [.end(refusal)]
    }

    private mutating func greeted(_ peer: Peer, by inbound: AgentInbound) -> [Action] {
        switch (inbound, peer) {
        case (.hello(_, let theirs), _) where ChannelProtocol.choose(protocols, theirs) == nil,
            (.enrol(_, let theirs), _) where ChannelProtocol.choose(protocols, theirs) == nil:
            return end(
                ChannelRefusal(
                    .protocolVersion,
                    "the agent speaks versions \(theirs.lowerBound) to \(theirs.upperBound) of the protocol, the "
                        + "orchestrator \(protocols.lowerBound) to \(protocols.upperBound); update the older one"))
        case (.hello(let hello, let theirs), .device(let device)):
            guard isAllowed(device) else { return end(EnrolmentRefusal.deviceNotAllowed(device).refusal) }
            state = .entering(device, version: ChannelProtocol.choose(protocols, theirs) ?? protocols.upperBound)
            return [.enter(device, hello)]
        case (.hello, .stranger):
            return end(
                ChannelRefusal(
                    .certificateMissing,
                    "the agent showed no certificate; enrol it with a token from 'l45 token create'"))
        case (.enrol(let request, _), .stranger), (.enrol(let request, _), .device):
            return enrol(request)
        case (_, .rejected(let refusal)):
            return end(refusal)
        default:
            return end(ChannelRefusal(.protocolOrder, "a connection begins with a hello or an enrolment request"))
        }
    }

    private mutating func enrol(_ request: WireEnrol) -> [Action] {
        do {
            let tokenID = try WireCheck.text(request.tokenID, "token_id", min: 1, max: 64)
            let hostName = try WireCheck.text(request.hostName, "host_name", max: 255)
            guard request.tokenSecret.count <= 64 else { throw WireError("token_secret", "it is too long") }
            guard request.formerCertificate.count <= SigningRequest.bytesMax else {
                throw WireError("former_certificate", "it is too long")
            }
            let signing = try SigningRequest(der: Array(request.signingRequest))
            state = .enrolling
            return [
                .enrol(
                    tokenID: tokenID, tokenSecret: Secret(Array(request.tokenSecret)), signing,
                    former: Array(request.formerCertificate), hostName: hostName)
            ]
        } catch {
            return end(ChannelRefusal(.requestInvalid, "the enrolment request is not valid: \(error)"))
        }
    }

    private mutating func received(
        _ inbound: AgentInbound, from device: DeviceID, renewing: Bool
    ) -> [Action] {
        switch inbound {
        case .message(.report(let report)) where report.device != device:
            return end(
                ChannelRefusal(.frameMalformed, "device \(device) sent a report of another device, \(report.device)"))
        case .message(.paths(let report)) where report.device != device:
            return end(
                ChannelRefusal(.frameMalformed, "device \(device) sent a report of the paths of \(report.device)"))
        case .message(let message):
            return [.deliver(message)]
        case .renew(let der):
            if renewing { return [] }
            guard isAllowed(device) else { return end(EnrolmentRefusal.deviceNotAllowed(device).refusal) }
            renewals += 1
            guard renewals <= Self.renewalsMax else {
                return end(
                    ChannelRefusal(
                        .requestInvalid,
                        "a connection may ask for \(Self.renewalsMax) certificates; connect with the one that was given"
                    ))
            }
            do {
                // For any key that it has the private half of: the device is who this connection says it is.
                let request = try SigningRequest(der: der)
                state = .open(device, renewing: true)
                return [.renew(device, request)]
            } catch {
                return [
                    .send(WireOrchestratorFrame(renewalRefused: ChannelRefusal(.requestInvalid, "\(error)")))
                ]
            }
        case .here(let nonce):
            return [.here(nonce)]
        case .hello, .enrol:
            return end(ChannelRefusal(.protocolOrder, "a hello or an enrolment request may only begin a connection"))
        case .ping, .unknown:
            return []
        }
    }
}
