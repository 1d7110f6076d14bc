import ControlChannel
import Inventory
import L45Model
import Logging
import Synchronization

// The answers to devices that ask for certificates.
extension NetworkOrchestrator {
    func channelConfiguration() throws -> ChannelServerConfiguration {
        let standing = authorityStanding
        let identity = try standing.issuing.orchestratorIdentity(
            signingKey: try SigningKey.secret(in: inventory), now: now())
        self.identity = identity
        return ChannelServerConfiguration(
            host: configuration.host, port: configuration.port, identity: identity, anchors: standing.anchors,
            heartbeatEvery: configuration.heartbeatEvery,
            silenceMax: configuration.silenceMax, now: now,
            enrol: { [self] request in await enrol(request) },
            renew: { [self] device, request in await renew(device, request) },
            isAllowed: { [self] device in access.withLock { !$0.devices.contains(device) } },
            isRevoked: { [self] certificate in access.withLock { $0.serials.contains(certificate.serial) } },
            notice: { [self] notice in Task { await self.noticed(notice) } })
    }

    private func enrol(_ request: EnrolmentRequest) -> Result<EnrolmentGrant, EnrolmentRefusal> {
        let time = now()
        do {
            // Before the token is used up: with a new key it admits the machine.
            if try inventory.eviction(of: request.device) != nil {
                throw EnrolmentRefusal.deviceNotAllowed(request.device)
            }
            let labels = try inventory.consumeToken(
                id: request.tokenID, secretHash: EnrolmentToken.digest(ofSecret: request.tokenSecret),
                by: request.device, now: time)
            let grant = try grant(request.signingRequest, for: request.device, time)
            // Whoever made the token has let this device in, so what it says of its name counts here. The token's own
            // labels win.
            let said = Device(id: request.device, facts: DeviceFacts(name: request.hostName))
            let declaredLabels = declared.labels(of: said)
            try inventory.setOperatorLabels(request.device, declaredLabels.merging(labels) { _, token in token })
            let withdrawn = try inventory.revokedDevices()
            access.withLock { $0.devices = withdrawn }
            logger.info("device enrolled", metadata: ["device": "\(request.device)", "token": "\(request.tokenID)"])
            note(
                Event(
                    at: time, subject: "device/\(request.device)", message: "device enrolled",
                    facts: ["token": request.tokenID, "host": request.hostName, "from": request.from]))
            return .success(grant)
        } catch {
            let refusal = EnrolmentRefusal(error, token: request.tokenID)
            logger.warning("enrolment refused", metadata: ["device": "\(request.device)", "reason": "\(error)"])
            note(
                Event(
                    at: time, severity: .warning, subject: "device/\(request.device)", message: "enrolment refused",
                    facts: [
                        "token": request.tokenID, "from": request.from,
                        "reason": refusal.refusal.inside ?? refusal.refusal.text,
                    ]))
            return .failure(refusal)
        }
    }

    private func renew(
        _ device: DeviceID, _ request: SigningRequest
    ) -> Result<EnrolmentGrant, EnrolmentRefusal> {
        guard !access.withLock({ $0.devices.contains(device) }) else { return .failure(.deviceNotAllowed(device)) }
        do {
            let time = now()
            let grant = try grant(request, for: device, time)
            note(
                Event(
                    at: time, subject: "device/\(device)", message: "certificate renewed",
                    facts: ["serial": grant.serial]))
            return .success(grant)
        } catch {
            logger.error("certificate not renewed", metadata: ["device": "\(device)", "error": "\(error)"])
            return .failure(.unavailable(reason: "\(error)"))
        }
    }

    /// A certificate that the CIB knows of before the device has it.
    private func grant(
        _ request: SigningRequest, for device: DeviceID, _ time: Timestamp
    ) throws -> EnrolmentGrant {
        let standing = authorityStanding
        var grant = try standing.issuing.grant(request, for: device, now: time)
        grant.furtherAuthorityPEMs = standing.anchors.dropFirst().map(\.certificatePEM)
        try inventory.record(
            IssuedCertificate(
                serial: grant.serial, device: device, issuedAt: time,
                notAfter: time + CertificateAuthority.deviceLifetime))
        return grant
    }
}

extension EnrolmentRefusal {
    fileprivate init(_ error: any Error, token: String) {
        if let refusal = error as? EnrolmentRefusal {
            self = refusal
            return
        }
        switch error as? InventoryError {
        case .tokenUnknown?, .tokenWrong?: self = .tokenUnknown(id: token)
        case .tokenExpired(_, let at)?: self = .tokenExpired(id: token, at: at)
        case .tokenUsed(_, let device, _)?: self = .tokenUsed(id: token, by: device)
        default: self = .unavailable(reason: "\(error)")
        }
    }
}
