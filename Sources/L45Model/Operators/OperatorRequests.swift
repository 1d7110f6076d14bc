/// An operator to be known from now on; one of the same name is replaced, and what he had shown before serves no more.
package struct OperatorRequest: Hashable, Codable, Sendable {
    /// By what the operator is known. One of them.
    package enum Proof: Hashable, Codable, Sendable {
        /// A bearer token, that the answer shows once.
        case token
        /// A certificate for the key of this request (PKCS #10, PEM).
        case certificate(request: String)
        /// The user of this id, on the local socket.
        case user(uid: UInt32)
        /// Everybody in the group of this id, on the local socket.
        case group(gid: UInt32)
    }

    /// 1 to 63 of `a-z 0-9 - _ . @`.
    package var name: String
    package var role: OperatorRole
    package var scope: LabelScope
    package var proof: Proof
    /// How long token or certificate are good for; of a local user no bound.
    package var ttl: Span

    package static let ttlDefault = Span.seconds(90 * 86_400)
    package static let ttlMax = Span.seconds(365 * 86_400)

    package init(
        name: String, role: OperatorRole, scope: LabelScope = .everything, proof: Proof = .token,
        ttl: Span = OperatorRequest.ttlDefault
    ) {
        self.name = name
        self.role = role
        self.scope = scope
        self.proof = proof
        self.ttl = ttl
    }
}

/// One operator by name.
package struct OperatorName: Hashable, Codable, Sendable {
    package var name: String
    package init(_ name: String) { self.name = name }
}

/// An operator as it is listed: without anything that proves who he is.
package struct OperatorView: Hashable, Codable, Sendable {
    package enum Kind: String, Hashable, Codable, Sendable { case token, certificate, user, group }
    package var name: String
    package var role: OperatorRole
    package var scope: LabelScope
    package var kind: Kind
    /// The token's id, the key's digest, `uid 1000`, `gid 100`.
    package var known: String
    package var addedAt: APITime
    package var addedBy: String
    /// nil: without end.
    package var expiresAt: APITime?

    package init(
        name: String, role: OperatorRole, scope: LabelScope, kind: Kind, known: String, addedAt: Timestamp,
        addedBy: String, expiresAt: Timestamp?
    ) {
        self.name = name
        self.role = role
        self.scope = scope
        self.kind = kind
        self.known = known
        self.addedAt = APITime(addedAt)
        self.addedBy = addedBy
        self.expiresAt = APITime(known: expiresAt)
    }
}

/// A new operator, with what is shown once.
package struct OperatorGranted: Hashable, Codable, Sendable {
    package var added: OperatorView
    /// Of `Proof.token`: the orchestrator keeps only its digest.
    package var token: String?
    /// Of `Proof.certificate`: the certificate, then the authority's.
    package var certificate: String?
    /// Where operators reach the orchestrator from elsewhere, `HOST:PORT`; nil: it does not listen for them.
    package var listening: String?

    package init(
        added: OperatorView, token: String? = nil, certificate: String? = nil, listening: String? = nil
    ) {
        self.added = added
        self.token = token
        self.certificate = certificate
        self.listening = listening
    }
}
