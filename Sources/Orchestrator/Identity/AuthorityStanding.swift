package import ControlChannel
package import L45Model

/// Whose certificates this orchestrator issues and takes, and how far the change from one authority to the next has come.
///
/// Both are trusted meanwhile, by the orchestrator and by every device. A phase ends when the last device has shown that it is
/// done with it: a device that is away holds the phase unless it had done so before.
package struct AuthorityStanding: Sendable {
    package enum Phase: String, Hashable, Codable, Sendable {
        case settled
        /// Devices are told of the new authority. The old one goes on issuing, and vouches for the orchestrator.
        case distributing
        /// The new one issues, and vouches for the orchestrator; devices ask it for certificates. The old one's key is gone.
        case renewing
        /// The old one is trusted no more here; devices are told to let go of it.
        case dropping
    }

    package let phase: Phase
    package let issuing: CertificateAuthority
    /// In `distributing`.
    package let incoming: CertificateAuthority?
    /// In `renewing` and `dropping`.
    package let outgoing: TrustAnchor?
    /// When the phase began.
    package let since: Timestamp

    private init(
        _ phase: Phase, issuing: CertificateAuthority, incoming: CertificateAuthority? = nil,
        outgoing: TrustAnchor? = nil, since: Timestamp
    ) {
        self.phase = phase
        self.issuing = issuing
        self.incoming = incoming
        self.outgoing = outgoing
        self.since = since
    }

    package static func settled(_ authority: CertificateAuthority, since: Timestamp) -> AuthorityStanding {
        AuthorityStanding(.settled, issuing: authority, since: since)
    }

    package static func distributing(
        _ issuing: CertificateAuthority, incoming: CertificateAuthority, since: Timestamp
    ) -> AuthorityStanding {
        AuthorityStanding(.distributing, issuing: issuing, incoming: incoming, since: since)
    }

    package static func renewing(
        _ issuing: CertificateAuthority, outgoing: TrustAnchor, since: Timestamp
    ) -> AuthorityStanding {
        AuthorityStanding(.renewing, issuing: issuing, outgoing: outgoing, since: since)
    }

    package static func dropping(
        _ issuing: CertificateAuthority, outgoing: TrustAnchor, since: Timestamp
    ) -> AuthorityStanding {
        AuthorityStanding(.dropping, issuing: issuing, outgoing: outgoing, since: since)
    }

    /// What devices are to trust, and whose certificates are taken here: the one that issues first.
    package var anchors: [TrustAnchor] {
        switch phase {
        case .settled, .dropping: [issuing.anchor]
        case .distributing: [issuing.anchor] + (incoming.map { [$0.anchor] } ?? [])
        case .renewing: [issuing.anchor] + (outgoing.map { [$0] } ?? [])
        }
    }

    package var fingerprints: [Digest] { anchors.map(\.fingerprint) }

    /// What comes once nobody is waited for; nil: nothing.
    package func next(at now: Timestamp) -> AuthorityStanding? {
        switch phase {
        case .settled: nil
        case .distributing: incoming.map { .renewing($0, outgoing: issuing.anchor, since: now) }
        case .renewing: outgoing.map { .dropping(issuing, outgoing: $0, since: now) }
        case .dropping: .settled(issuing, since: now)
        }
    }
}
