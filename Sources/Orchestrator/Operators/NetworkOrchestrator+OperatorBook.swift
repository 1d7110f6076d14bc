package import ControlChannel
import Foundation
import Inventory
import L45Model
import Logging

// Who operators are.
extension NetworkOrchestrator {
    /// - Parameter policy: local users who may do everything and need not be known.
    package func admission(policy: PeerPolicy) -> OperatorAdmission {
        { [self] proof, from in await admit(proof, from: from, policy) }
    }

    private func admit(_ proof: OperatorProof, from: String, _ policy: PeerPolicy) -> Result<Caller, APIFailure> {
        do {
            // First, so that nobody can be named out of his own orchestrator.
            if case .user(let uid, _) = proof, policy.admits(uid) { return .success(policy.administrator(uid, from)) }
            if let stored = try operatorKnown(by: proof) { return .success(try caller(stored, proof, from: from)) }
            return .failure(stranger(proof, from: from, policy))
        } catch let refusal as APIFailure {
            return .failure(noted(refusal, proof, from: from))
        } catch {
            logger.error("operators can not be looked up", metadata: ["error": "\(error)"])
            return .failure(
                APIFailure(.unavailable, "who you are can not be looked up now; see the orchestrator's log"))
        }
    }

    private func operatorKnown(by proof: OperatorProof) throws -> StoredOperator? {
        switch proof {
        case .user(let uid, let gid):
            return try inventory.storedOperator(.user, known: "\(uid)")
                ?? UserGroups.of(uid: uid, gid: gid).lazy.compactMap { [inventory] group in
                    try? inventory.storedOperator(.group, known: "\(group)")
                }.first
        case .token(let id, let hash):
            // Of hashes, so the time that the comparison takes tells nothing of the secret.
            return try inventory.storedOperator(.token, known: id).flatMap { $0.secretHash == hash ? $0 : nil }
        case .certificate(let name, let key):
            return try inventory.storedOperator(.certificate, known: key.rawValue)
                .flatMap { $0.view.name == name ? $0 : nil }
        }
    }

    private func caller(_ stored: StoredOperator, _ proof: OperatorProof, from: String) throws(APIFailure) -> Caller {
        if let end = stored.expiresAt, now() >= end {
            throw APIFailure(
                .notPermitted, "the \(stored.view.kind.rawValue) of '\(stored.view.name)' expired at \(end.rfc3339)",
                hint: "whoever administers the fleet makes another with 'l45 operator add'")
        }
        var name = stored.view.name
        let means: Caller.Means
        switch proof {
        case .user(let uid, _):
            means = .socket
            // Several people may be in one group.
            if stored.view.kind == .group { name += " (uid \(uid))" }
        case .token: means = .token
        case .certificate: means = .certificate
        }
        return Caller(name: name, means: means, from: from, role: stored.view.role, scope: stored.view.scope)
    }

    private func stranger(_ proof: OperatorProof, from: String, _ policy: PeerPolicy) -> APIFailure {
        let refusal: APIFailure
        switch proof {
        case .user: refusal = policy.refusal(of: proof, at: configuration.operatorSocket)
        case .token:
            refusal = APIFailure(
                .notPermitted, "nobody is known by that token",
                hint: "an administrator makes one with 'l45 operator add'")
        case .certificate:
            refusal = APIFailure(
                .notPermitted, "the certificate is of nobody who may operate any more",
                hint: "an administrator makes one with 'l45 operator add'")
        }
        return noted(refusal, proof, from: from)
    }

    /// Strangers are in the trail too, at a rate that fills no disk.
    private func noted(_ refusal: APIFailure, _ proof: OperatorProof, from: String) -> APIFailure {
        guard let unsaid = strangerGate.admit(now()) else { return refusal }
        let known: (String, Caller.Means) =
            switch proof {
            case .user(let uid, _): ("uid \(uid)", .socket)
            case .token(let id, _): ("token \(id)", .token)
            case .certificate(let name, let key): ("'\(name)' with key \(key)", .certificate)
            }
        let caller = Caller(name: "stranger, \(known.0)", means: known.1, from: from, role: .view)
        let slot = AuditSlot(caller: caller, verb: "connect", objects: [], at: now())
        let more = unsaid > 0 ? "; \(unsaid) more since the last such line" : ""
        do {
            try inventory.audit(slot, result: .refused, detail: refusal.message + more)
        } catch {
            logger.error("not in the audit trail", metadata: ["verb": "connect", "error": "\(error)"])
        }
        return refusal
    }

    // MARK: Requests

    func addOperator(_ request: OperatorRequest) throws -> OperatorGranted {
        let by = OperatorCall.current.caller.name
        try OperatorRules.check(request)
        let time = now()
        var granted = OperatorGranted(
            added: OperatorView(
                name: request.name, role: request.role, scope: request.scope, kind: .token, known: "", addedAt: time,
                addedBy: by, expiresAt: nil), listening: operatorsListen)
        var stored = StoredOperator(view: granted.added)
        switch request.proof {
        case .token:
            let token = OperatorToken(for: authority.anchor)
            stored.view.known = token.id
            stored.secretHash = token.secretDigest
            granted.token = token.text
        case .certificate(let text):
            let signing: SigningRequest
            do { signing = try SigningRequest(pem: text) } catch { throw APIFailure(.badInput, "\(error)") }
            stored.view.kind = .certificate
            stored.view.known = signing.device.rawValue
            granted.certificate =
                try authority.operatorCertificate(for: signing, name: request.name, lifetime: request.ttl, now: time)
                + "\n" + authority.certificatePEM
        case .user(let uid):
            stored.view.kind = .user
            stored.view.known = "\(uid)"
        case .group(let gid):
            stored.view.kind = .group
            stored.view.known = "\(gid)"
        }
        if stored.view.kind == .token || stored.view.kind == .certificate {
            stored.expiresAt = time + request.ttl
            stored.view.expiresAt = APITime(known: stored.expiresAt)
        }
        try inventory.put(stored)
        granted.added = stored.view
        note(
            Event(
                at: time, subject: "operator/\(request.name)", message: "operator added",
                facts: ["role": request.role.rawValue, "scope": "\(request.scope)", "by": by]))
        return granted
    }

    func operatorViews() throws -> [OperatorView] { try inventory.operators().map(\.view) }

    func removeOperator(_ request: OperatorName) throws -> [OperatorView] {
        guard let stored = try inventory.operators().first(where: { $0.view.name == request.name }) else {
            throw APIFailure(
                .notFound, "there is no operator '\(request.name)'", hint: "'l45 operator list' lists those that are")
        }
        try inventory.removeOperator(request.name)
        note(
            Event(
                at: now(), severity: .warning, subject: "operator/\(request.name)", message: "operator removed",
                facts: ["by": OperatorCall.current.caller.name]))
        return [stored.view]
    }
}

/// What an operator may be called, and for how long.
enum OperatorRules {
    static func check(_ request: OperatorRequest) throws(APIFailure) {
        let isName =
            (1...63).contains(request.name.utf8.count)
            && request.name.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "@")].contains(byte)
            }
        guard isName else {
            throw APIFailure(.badInput, "an operator's name is 1 to 63 of a-z, 0-9, '-', '_', '.' and '@'")
        }
        guard request.ttl > .zero, request.ttl <= OperatorRequest.ttlMax else {
            throw APIFailure(
                .badInput, "a token or certificate is good for 1ms to \(OperatorRequest.ttlMax), not \(request.ttl)")
        }
        guard request.scope.labels.allSatisfy({ !$0.key.isEmpty && !$0.value.isEmpty }) else {
            throw APIFailure(.badInput, "a scope is labels with values, such as site=paris")
        }
    }
}
