import Foundation
import L45Model
import NIOCore

/// The agent's side of one connection, from the end of the TLS handshake on. Pure: what happened in, what to do out.
struct ClientSession {
    private enum State: Equatable {
        case handshaking
        case greeting
        case open(renewing: Bool)
        case ended
    }

    enum Action: Equatable {
        case send(WireAgentFrame)
        case open
        case deliver(OrchestratorMessage)
        /// The orchestrator gave a certificate: check it, use it.
        case renewed(EnrolmentGrant)
        case renewalRefused(ChannelRefusal)
        /// Trust these authorities and no others, and say so.
        case trust([String], renew: Bool)
        /// Close; this is why.
        case end(ChannelRefusal)
    }

    private var state = State.handshaking
    private let device: DeviceID
    private let protocols: ClosedRange<UInt32>
    private var verifier: TableVerifier

    init(device: DeviceID, protocols: ClosedRange<UInt32>, verifier: TableVerifier) {
        self.verifier = verifier
        self.device = device
        self.protocols = protocols
    }

    var isOpen: Bool { if case .open = state { true } else { false } }
    var hasEnded: Bool { state == .ended }

    mutating func handshakeDone(_ hello: AgentHello) -> [Action] {
        guard state == .handshaking else { return [] }
        state = .greeting
        var frame = WireAgentFrame()
        frame.hello = WireHello(hello, protocols: protocols)
        return [.send(frame)]
    }

    /// - Parameter body: of the same message, if it is of a kind that is signed and no table.
    /// - Parameter signature: of the table or the body.
    mutating func received(
        _ inbound: OrchestratorInbound, _ body: SignedBody? = nil, _ signature: TableSignature? = nil
    ) -> [Action] {
        switch (inbound, state) {
        case (_, .handshaking), (_, .ended), (.ping, _), (.unknown, _):
            return []
        case (.refusal(let refusal), _):
            return end(refusal)
        case (.accepted(let version), .greeting):
            guard protocols.contains(version) else {
                return end(
                    ChannelRefusal(
                        .protocolVersion,
                        "the orchestrator chose version \(version) of the protocol, this agent speaks "
                            + "\(protocols.lowerBound) to \(protocols.upperBound)"))
            }
            state = .open(renewing: false)
            return [.open]
        case (_, .greeting), (.accepted, .open):
            return end(ChannelRefusal(.protocolOrder, "the orchestrator did not answer the hello as it should"))
        case (.message(.set(let table)), .open) where table.device != device:
            return refuse(table.generation, "the table is for device \(table.device), this is \(device)")
        case (.message(.set(let table)), .open):
            if let objection = verifier.objection(to: table, signature) { return distrust(table, objection) }
            return [.deliver(.set(table))]
        case (.message(let message), .open):
            if let body, let objection = verifier.objection(to: body, signature) {
                return distrust(message, body.kind, objection)
            }
            if case .trust(let authorities, let renew) = message { return [.trust(authorities, renew: renew)] }
            return [.deliver(message)]
        case (.areYouThere(let nonce), .open):
            var frame = WireAgentFrame()
            frame.here.nonce = nonce
            return [.send(frame)]
        case (.tableInvalid(let generation, let why), .open):
            return refuse(generation, why)
        case (.granted(let grant), .open(let renewing)):
            state = .open(renewing: false)
            return renewing ? [.renewed(grant)] : []
        case (.renewalRefused(let refusal), .open):
            state = .open(renewing: false)
            return [.renewalRefused(refusal)]
        }
    }

    /// Asks for the next certificate; does nothing while a request is under way.
    mutating func renew(_ request: SigningRequest) -> [Action] {
        guard state == .open(renewing: false) else { return [] }
        state = .open(renewing: true)
        var frame = WireAgentFrame()
        frame.renew.signingRequest = .init(request.der)
        return [.send(frame)]
    }

    /// Tables may be signed in these authorities' names from now on.
    mutating func trust(_ anchors: [TrustAnchor]) { verifier.anchors = anchors }

    mutating func end(_ refusal: ChannelRefusal) -> [Action] {
        guard state != .ended else { return [] }
        state = .ended
        return [.end(refusal)]
    }

    /// What is in force stays. An orchestrator of ours signs what it sends, so this is for somebody's eyes.
    private func distrust(_ table: DeviceTable, _ objection: String) -> [Action] {
        refuse(table.generation, "generation \(table.generation): \(objection)")
            + alert("table", ["generation": "\(table.generation)"], objection)
    }

    private func distrust(_ message: OrchestratorMessage, _ kind: SignedBody.Kind, _ objection: String) -> [Action] {
        guard case .setPaths(let table) = message else { return alert(kind.rawValue, [:], objection) }
        return [.deliver(.pathsInvalid(table.generation, why: objection))]
            + alert(kind.rawValue, ["generation": "\(table.generation)"], objection)
    }

    private func alert(_ what: String, _ facts: [String: String], _ objection: String) -> [Action] {
        let event = Event(
            at: verifier.now(), severity: .alert, subject: "device/\(device)",
            message: "\(what) of a wrong signer refused",
            facts: facts.merging(["reason": objection]) { first, _ in first })
        return [.send(WireAgentFrame(.event(event)))]
    }

    private func refuse(_ generation: Generation, _ reason: String) -> [Action] {
        [.send(WireAgentFrame(.refused(generation, reason: reason)))]
    }
}
