package import ControlChannel
import Inventory
import L45Model
import Logging
import Reconciler
import Synchronization

// The orchestrator's authority and its own certificate, over time.
extension NetworkOrchestrator {
    /// Devices that may be asked to renew at a time: each comes back over a new connection.
    static let renewalsAtOnceMax = 64
    /// A device that was asked and did not come is asked again.
    static let renewalAskedAgain = Span.seconds(60)

    /// The authority that issues now.
    package nonisolated var authority: CertificateAuthority { authorities.withLock { $0.issuing } }

    /// How the change of authority stands.
    package nonisolated var authorityStanding: AuthorityStanding { authorities.withLock { $0 } }

    /// One look of a pass: the own certificate in time, devices told what to trust, the phase ended once nobody is waited for.
    func followAuthority(_ time: Timestamp) throws {
        try noteCertificates(time)
        if let identity, time >= identity.renewAt { try renewIdentity(time) }
        var standing = authorityStanding
        if standing.phase != .settled, authorityMoved {
            authorityMoved = false
            while waitingForAuthority(standing).isEmpty, let next = standing.next(at: time) {
                try enter(next, time)
                standing = next
            }
        }
        tellTrust(standing, time)
    }

    /// Devices that hold the phase, and why.
    func waitingForAuthority(_ standing: AuthorityStanding) -> [DeviceID: AuthorityWait] {
        guard standing.phase != .settled else { return [:] }
        return fleet.devices.keys.reduce(into: [:]) { waiting, id in
            waiting[id] = AuthorityWait.reason(standing, certificates[id])
        }
    }

    func rotateAuthority() throws -> AuthorityView {
        let standing = authorityStanding
        guard standing.phase == .settled else {
            throw APIFailure(
                .conflict,
                "a change of authority is under way: \(standing.phase.rawValue) since \(standing.since.rfc3339)",
                hint: "'l45 ca status' says who is waited for")
        }
        let time = now()
        try enter(
            .distributing(standing.issuing, incoming: try CertificateAuthority.create(now: time), since: time), time)
        passAtOnce()
        return try authorityView()
    }

    func authorityView() throws -> AuthorityView {
        let standing = authorityStanding
        let waiting = waitingForAuthority(standing).sorted { $0.key < $1.key }
        return AuthorityView(
            phase: standing.phase.rawValue, since: standing.since,
            issuing: standing.issuing.anchor.fingerprint,
            other: standing.incoming?.anchor.fingerprint ?? standing.outgoing?.fingerprint,
            devices: fleet.devices.count, waitingCount: waiting.count,
            waiting: waiting.prefix(AuthorityView.waitingMax).map { id, wait in
                AuthorityView.Waiting(
                    device: id, name: fleet.devices[id]?.device.facts.name ?? "",
                    isConnected: sessions[id] != nil, reason: wait.rawValue)
            })
    }

    /// Into the CIB first, then in force.
    private func enter(_ standing: AuthorityStanding, _ time: Timestamp) throws {
        try AuthorityStore.store(standing, in: inventory)
        authorities.withLock { $0 = standing }
        try renewIdentity(time)
        authorityMoved = true
        renewalAsked.removeAll()
        trustDue.formUnion(sessions.keys)
        let other = standing.incoming?.anchor.fingerprint ?? standing.outgoing?.fingerprint
        logger.notice(
            "authority",
            metadata: [
                "phase": "\(standing.phase.rawValue)", "issuing": "\(standing.issuing.anchor.fingerprint.short)",
                "other": "\(other?.short ?? "-")",
            ])
        note(
            Event(
                at: time, subject: "authority/\(standing.issuing.anchor.fingerprint.short)",
                message: "authority \(standing.phase.rawValue)", facts: ["other": other?.short ?? "-"]))
    }

    /// A new key and certificate to listen with, for connections to come.
    private func renewIdentity(_ time: Timestamp) throws {
        let standing = authorityStanding
        let next = try standing.issuing.orchestratorIdentity(
            signingKey: try SigningKey.secret(in: inventory), now: time)
        try server?.use(next, trusting: standing.anchors)
        identity = next
    }

    /// What devices showed since the pass before, in one transaction.
    private func noteCertificates(_ time: Timestamp) throws {
        guard !certificatesShown.isEmpty else { return }
        let shown = certificatesShown
        let uses = shown.map { id, use in
            CertificateInUse(
                certificate: IssuedCertificate(
                    serial: use.certificate.serial, device: id, issuedAt: use.certificate.issuedAt,
                    notAfter: use.certificate.notAfter),
                authority: use.certificate.authority, trusts: use.trusts)
        }
        let revoked = try inventory.use(uses, at: time)
        if !revoked.isEmpty { access.withLock { $0.serials.formUnion(revoked) } }
        for use in uses {
            let device = use.certificate.device
            if certificates[device]?.authority != use.authority { renewalAsked[device] = nil }
            certificates[device] = CertificateStanding(
                serial: use.certificate.serial, authority: use.authority, trusts: use.trusts)
        }
        certificatesShown.removeAll(keepingCapacity: true)
        authorityMoved = true
    }

    /// A device came, or said what it trusts.
    func showed(_ id: DeviceID, _ certificate: PresentedCertificate, trusts: [Digest]) {
        trustDue.insert(id)
        let standing = CertificateStanding(
            serial: certificate.serial, authority: certificate.authority, trusts: trusts)
        guard certificates[id] != standing else { return }
        certificatesShown[id] = (certificate, trusts)
        stir()
    }

    private func tellTrust(_ standing: AuthorityStanding, _ time: Timestamp) {
        guard !trustDue.isEmpty else { return }
        let wanted = standing.fingerprints
        var renewing = renewalAsked.values.count(where: { time < $0 + Self.renewalAskedAgain })
        for id in trustDue {
            guard let session = sessions[id], let certificate = certificates[id], !certificate.trusts.isEmpty else {
                trustDue.remove(id)
                continue
            }
            let renews = standing.phase == .renewing && certificate.authority != wanted.first
            guard renews || certificate.trusts != wanted else {
                trustDue.remove(id)
                continue
            }
            if renews {
                if let asked = renewalAsked[id], time < asked + Self.renewalAskedAgain { continue }
                guard renewing < Self.renewalsAtOnceMax else { continue }
                renewing += 1
                renewalAsked[id] = time
            } else {
                trustDue.remove(id)
            }
            // Far below a frame's limit.
            try? server?.send(.trust(standing.anchors.map(\.certificatePEM), renew: renews), to: session)
        }
    }
}
