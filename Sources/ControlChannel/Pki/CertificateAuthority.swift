import Crypto
import Foundation
package import L45Model
import SwiftASN1
import X509

/// The orchestrator's own authority: it signs the certificates of the orchestrator and of every device. Keeping it is
/// the caller's: it goes in and out as PEM text.
package struct CertificateAuthority: Sendable, CustomStringConvertible {
    /// 10 years.
    package static let lifetime = Span.seconds(10 * 365 * 86_400)
    /// 2 years: an orchestrator makes a new one at each start, and when two thirds are over.
    package static let orchestratorLifetime = Span.seconds(2 * 365 * 86_400)
    /// 90 days; a device renews by itself when two thirds are over.
    package static let deviceLifetime = Span.seconds(90 * 86_400)
    /// Certificates begin this long ago, for clocks that are behind.
    package static let clockSlack = Span.seconds(86_400)

    package let anchor: TrustAnchor
    private let key: P256.Signing.PrivateKey

    /// A new authority with a new key (P-256).
    package static func create(now: Timestamp) throws(PkiError) -> CertificateAuthority {
        let key = P256.Signing.PrivateKey()
        do {
            let name = try DistinguishedName {
                OrganizationName("l45")
                CommonName("l45 authority \(Hex.string(SHA256.hash(data: key.publicKey.derRepresentation)).prefix(12))")
            }
            let certificate = try Certificate(
                version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
                notValidBefore: (now - clockSlack).date, notValidAfter: (now + lifetime).date,
                issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true))
                },
                issuerPrivateKey: .init(key))
            return CertificateAuthority(anchor: try TrustAnchor(certificate), key: key)
        } catch {
            throw .malformed(what: "the new authority", why: "\(error)")
        }
    }

    /// - Throws: `malformed` when a text is not PEM of its kind, or the key is not the certificate's.
    package init(certificatePEM: String, keyPEM: String) throws(PkiError) {
        anchor = try TrustAnchor(certificatePEM: certificatePEM)
        key = try DeviceKey(pem: keyPEM).key
        guard P256.Signing.PublicKey(anchor.certificate.publicKey)?.rawRepresentation == key.publicKey.rawRepresentation
        else {
            throw .malformed(what: "the authority's key", why: "it does not belong to the authority's certificate")
        }
    }

    private init(anchor: TrustAnchor, key: P256.Signing.PrivateKey) {
        self.anchor = anchor
        self.key = key
    }

    package var certificatePEM: String { anchor.certificatePEM }
    /// PKCS #8 PEM: whoever has it can admit any device. For the store alone.
    package var keyPEM: String { key.pemRepresentation }

    package var description: String { "authority \(anchor.fingerprint.short)" }

    /// A key and a certificate for an orchestrator to listen with.
    /// - Parameter signingKey: of `TableSigner.newKey`, that signs tables; nil: a new one.
    package func orchestratorIdentity(
        signingKey: Secret? = nil, now: Timestamp
    ) throws(PkiError) -> OrchestratorIdentity {
        let own = DeviceKey()
        let certificate = try issue(
            .init(own.key.publicKey), name: "l45 orchestrator", role: .orchestrator,
            lifetime: Self.orchestratorLifetime,
            now: now)
        return OrchestratorIdentity(
            keyPEM: own.pem, certificatePEM: try pem(certificate), anchor: anchor,
            signer: try tableSigner(signingKey ?? TableSigner.newKey(), now: now),
            renewAt: now + .milliseconds(Self.orchestratorLifetime.milliseconds / 3 * 2))
    }

    /// A certificate for the key of `request`, valid for `deviceLifetime`: answers an enrolment or a renewal.
    /// - Parameter device: whose it is, which the caller knows from a connection or a former certificate; nil: the one
    ///   that the key gives its name.
    package func grant(
        _ request: SigningRequest, for device: DeviceID? = nil, now: Timestamp
    ) throws(PkiError) -> EnrolmentGrant {
        let device = device ?? request.device
        let certificate = try issue(
            .init(request.publicKey), name: device.rawValue, role: .device(device),
            lifetime: Self.deviceLifetime, now: now)
        return EnrolmentGrant(
            certificatePEM: try pem(certificate), authorityPEM: certificatePEM, serial: certificate.serialText)
    }

    func issue(
        _ publicKey: Certificate.PublicKey, name: String, role: ChannelRole, lifetime: Span, now: Timestamp
    ) throws(PkiError) -> Certificate {
        do {
            return try Certificate(
                version: .v3, serialNumber: .init(), publicKey: publicKey,
                notValidBefore: (now - Self.clockSlack).date, notValidAfter: (now + lifetime).date,
                issuer: anchor.certificate.subject,
                subject: DistinguishedName {
                    OrganizationName("l45")
                    CommonName(name)
                },
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    try ExtendedKeyUsage([role.usage])
                    SubjectAlternativeNames([.uniformResourceIdentifier(role.uri)])
                },
                issuerPrivateKey: .init(key))
        } catch {
            throw .malformed(what: "the certificate of '\(name)'", why: "\(error)")
        }
    }

    func pem(_ certificate: Certificate) throws(PkiError) -> String {
        do {
            return try certificate.serializeAsPEM().pemString
        } catch {
            throw .malformed(what: "the new certificate", why: "\(error)")
        }
    }
}

extension Timestamp {
    fileprivate static func - (time: Timestamp, span: Span) -> Timestamp {
        time + .milliseconds(-span.milliseconds)
    }
}

/// What an orchestrator listens with.
package struct OrchestratorIdentity: Sendable {
    package let keyPEM: String
    package let certificatePEM: String
    package let anchor: TrustAnchor
    /// Signs the tables that it sends; nil: agents refuse them.
    package var signer: TableSigner?
    /// When it is time for the next one.
    package let renewAt: Timestamp

    package init(
        keyPEM: String, certificatePEM: String, anchor: TrustAnchor, signer: TableSigner? = nil,
        renewAt: Timestamp = Timestamp(.max)
    ) {
        self.keyPEM = keyPEM
        self.certificatePEM = certificatePEM
        self.anchor = anchor
        self.signer = signer
        self.renewAt = renewAt
    }
}

/// What an admitted device gets.
package struct EnrolmentGrant: Hashable, Sendable {
    package let certificatePEM: String
    package let authorityPEM: String
    /// Authorities to trust besides, while one follows another.
    package var furtherAuthorityPEMs: [String] = []
    /// Of the certificate, in lowercase hex; empty at the device's end, which reads it from the certificate.
    package var serial = ""
}
