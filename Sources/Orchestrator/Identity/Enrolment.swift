import ControlChannel
import Foundation
import Inventory
import L45Model
import Logging
import Synchronization

/// The orchestrator's authority and its answers to devices that ask to be admitted.
enum Enrolment {
    private static let certificateName = "authority.certificate"
    private static let keyName = "authority.key"

    /// The authority that the CIB holds, or a new one that it holds from now on.
    static func authority(in inventory: Inventory, now: Timestamp) throws -> CertificateAuthority {
        if let certificate = try inventory.sealed(certificateName), let key = try inventory.sealed(keyName) {
            return try CertificateAuthority(
                certificatePEM: String(decoding: certificate, as: UTF8.self),
                keyPEM: String(decoding: key, as: UTF8.self))
        }
        let authority = try CertificateAuthority.create(now: now)
        try inventory.seal(keyName, Data(authority.keyPEM.utf8))
        try inventory.seal(certificateName, Data(authority.certificatePEM.utf8))
        return authority
    }
}

extension NetworkOrchestrator {
    func channelConfiguration() throws -> ChannelServerConfiguration {
        ChannelServerConfiguration(
            host: configuration.host, port: configuration.port,
            identity: try authority.orchestratorIdentity(signingKey: try SigningKey.secret(in: inventory), now: now()),
            heartbeatEvery: configuration.heartbeatEvery,
            silenceMax: configuration.silenceMax, now: now,
            enrol: { [self] request in await enrol(request) },
            renew: { [self] request in await renew(request) },
            isAllowed: { [self] device in refused.withLock { !$0.contains(device) } })
    }

    private func enrol(_ request: EnrolmentRequest) -> Result<EnrolmentGrant, EnrolmentRefusal> {
        let time = now()
        do {
            let labels = try inventory.consumeToken(
                id: request.tokenID, secretHash: EnrolmentToken.digest(ofSecret: request.tokenSecret),
                by: request.device, now: time)
            let grant = try grant(request.signingRequest, time)
            try inventory.setOperatorLabels(request.device, labels)
            let withdrawn = try inventory.revokedDevices()
            refused.withLock { $0 = withdrawn }
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
                    facts: ["token": request.tokenID, "from": request.from, "reason": refusal.refusal.text]))
            return .failure(refusal)
        }
    }

    private func renew(_ request: SigningRequest) -> Result<EnrolmentGrant, EnrolmentRefusal> {
        guard !refused.withLock({ $0.contains(request.device) }) else {
            return .failure(.deviceNotAllowed(request.device))
        }
        do {
            return .success(try grant(request, now()))
        } catch {
            return .failure(.unavailable(reason: "\(error)"))
        }
    }

    /// A certificate that the CIB knows of before the device has it.
    private func grant(_ request: SigningRequest, _ time: Timestamp) throws -> EnrolmentGrant {
        let grant = try authority.grant(request, now: time)
        try inventory.record(
            IssuedCertificate(
                serial: Digest(of: Data(grant.certificatePEM.utf8)).hex, device: request.device, issuedAt: time,
                notAfter: time + CertificateAuthority.deviceLifetime))
        return grant
    }
}

extension EnrolmentRefusal {
    fileprivate init(_ error: any Error, token: String) {
        switch error as? InventoryError {
        case .tokenUnknown?, .tokenWrong?: self = .tokenUnknown(id: token)
        case .tokenExpired(_, let at)?: self = .tokenExpired(id: token, at: at)
        case .tokenUsed(_, let device, _)?: self = .tokenUsed(id: token, by: device)
        default: self = .unavailable(reason: "\(error)")
        }
    }
}
