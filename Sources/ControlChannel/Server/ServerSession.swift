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
        case open(DeviceID, renewing: Bool)
        case ended
    }

    enum Action: Equatable {
        case send(WireOrchestratorFrame)
        case open(DeviceID, AgentHello)
        case deliver(AgentMessage)
        case enrol(tokenID: String, tokenSecret: Secret, SigningRequest, hostName: String)
        case renew(SigningRequest)
        /// Send the refusal as the last frame and close.
        case end(ChannelRefusal)
    }

    private var state = State.handshaking
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
        case .open(let device, let renewing):
            return received(inbound, from: device, renewing: renewing)
        }
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
            state = .open(device, renewing: false)
            let version = ChannelProtocol.choose(protocols, theirs) ?? protocols.upperBound
            return [.send(WireOrchestratorFrame(accepted: version)), .open(device, hello)]
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
            let signing = try SigningRequest(der: Array(request.signingRequest))
            state = .enrolling
            return [
                .enrol(
                    tokenID: tokenID, tokenSecret: Secret(Array(request.tokenSecret)), signing, hostName: hostName)
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
            do {
                let request = try SigningRequest(der: der)
                guard request.device == device else {
                    throw PkiError.malformed(
                        what: "the signing request",
                        why: "it is for the key of device \(request.device), this connection is of \(device)")
                }
                guard isAllowed(device) else { return end(EnrolmentRefusal.deviceNotAllowed(device).refusal) }
                state = .open(device, renewing: true)
                return [.renew(request)]
            } catch {
                return [
                    .send(WireOrchestratorFrame(renewalRefused: ChannelRefusal(.requestInvalid, "\(error)")))
                ]
            }
        case .hello, .enrol:
            return end(ChannelRefusal(.protocolOrder, "a hello or an enrolment request may only begin a connection"))
        case .ping, .unknown:
            return []
        }
    }
}
