import Crypto
import Foundation
package import L45Model
import SwiftASN1
import X509

/// The authority's certificate: what both ends check the other's certificate against. There is one level: the authority
/// signs every certificate itself.
package struct TrustAnchor: Hashable, Sendable {
    package let certificatePEM: String
    /// SHA-256 of the certificate's DER form, 64 hex digits.
    package let fingerprint: L45Model.Digest
    let certificate: Certificate

    /// - Throws: `malformed` when the text is no certificate in PEM.
    package init(certificatePEM: String) throws(PkiError) {
        do {
            try self.init(Certificate(pemEncoded: certificatePEM))
        } catch {
            throw .malformed(what: "the authority's certificate", why: "\(error)")
        }
    }

    /// One that another end says is to be trusted: it has to be an authority's, and in time.
    /// - Throws: `malformed`, `expired`, `notYetValid`.
    init(authorityPEM: String, now: Timestamp) throws(PkiError) {
        try self.init(certificatePEM: authorityPEM)
        guard case .isCertificateAuthority? = try? certificate.extensions.basicConstraints else {
            throw .malformed(what: "the authority's certificate", why: "it is not one of an authority")
        }
        try verifyOrigin(certificate, now: now)
    }

    init(_ certificate: Certificate) throws {
        self.certificate = certificate
        certificatePEM = try certificate.serializeAsPEM().pemString
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        fingerprint = L45Model.Digest(of: serializer.serializedBytes)
    }

    /// Checks that `leaf` was signed by this authority, is in time, and is for an orchestrator.
    func verifyOrchestrator(_ leaf: Certificate, now: Timestamp) throws(PkiError) {
        try verifyOrigin(leaf, now: now)
        try verifyRole(leaf, .orchestrator)
    }

    /// Checks that `leaf` was signed by this authority, is in time, and is for a device.
    /// - Returns: the device that it names. That was the name of the device's first key; the authority stands in for
    ///   those that followed.
    func verifyDevice(_ leaf: Certificate, now: Timestamp) throws(PkiError) -> DeviceID {
        try verifyOrigin(leaf, now: now)
        guard P256.Signing.PublicKey(leaf.publicKey) != nil else {
            throw .malformed(what: "the device certificate", why: "its key is not on the curve P-256")
        }
        guard let device = ChannelRole.device(in: leaf) else {
            throw .wrongRole(
                subject: "\(leaf.subject)", wanted: "a device", why: "its subject alternative names hold no one device")
        }
        try verifyRole(leaf, .device(device))
        return device
    }

    /// Checks that `leaf` was signed by this authority, is in time, and is for signing tables.
    func verifySigner(_ leaf: Certificate, now: Timestamp) throws(PkiError) -> Curve25519.Signing.PublicKey {
        try verifyOrigin(leaf, now: now)
        try verifyRole(leaf, .signer)
        guard let key = Curve25519.Signing.PublicKey(leaf.publicKey) else {
            throw .malformed(what: "the signer's certificate", why: "its key is none of Ed25519")
        }
        return key
    }

    /// Checks that `leaf` was signed by this authority, is in time, and is for an operator.
    /// - Returns: the operator's name, and the digest of the certificate's key.
    func verifyOperator(_ leaf: Certificate, now: Timestamp) throws(PkiError) -> (name: String, key: DeviceID) {
        try verifyOrigin(leaf, now: now)
        guard let key = P256.Signing.PublicKey(leaf.publicKey) else {
            throw .malformed(what: "the operator's certificate", why: "its key is not on the curve P-256")
        }
        let prefix = ChannelRole.person("").uri
        let names = try? leaf.extensions.subjectAlternativeNames
        let name = (names.map { Array($0) } ?? []).compactMap { name -> String? in
            guard case .uniformResourceIdentifier(let uri) = name, uri.hasPrefix(prefix) else { return nil }
            return String(uri.dropFirst(prefix.count))
        }.first
        guard let name else {
            throw .wrongRole(subject: "\(leaf.subject)", wanted: "an operator", why: "it names no operator")
        }
        try verifyRole(leaf, .person(name))
        return (name, DeviceID(publicKeyDER: key.derRepresentation))
    }

    /// Whether this authority's key signed it.
    func signed(_ leaf: Certificate) -> Bool {
        certificate.publicKey.isValidSignature(leaf.signature, for: leaf)
    }

    private func verifyOrigin(_ leaf: Certificate, now: Timestamp) throws(PkiError) {
        let subject = "\(leaf.subject)"
        guard signed(leaf) else {
            throw .otherAuthority(subject: subject, expected: fingerprint.short)
        }
        guard now >= Timestamp(leaf.notValidBefore) else {
            throw .notYetValid(subject: subject, from: Timestamp(leaf.notValidBefore).rfc3339, now: now.rfc3339)
        }
        guard now < Timestamp(leaf.notValidAfter) else {
            throw .expired(subject: subject, at: Timestamp(leaf.notValidAfter).rfc3339, now: now.rfc3339)
        }
    }

    private func verifyRole(_ leaf: Certificate, _ role: ChannelRole) throws(PkiError) {
        if let objection = role.objection(to: leaf) {
            throw .wrongRole(subject: "\(leaf.subject)", wanted: role.name, why: objection)
        }
    }
}

extension [TrustAnchor] {
    /// The one that signed `leaf`.
    /// - Throws: `otherAuthority`.
    func issuer(of leaf: Certificate) throws(PkiError) -> TrustAnchor {
        guard let anchor = first(where: { $0.signed(leaf) }) else {
            throw .otherAuthority(
                subject: "\(leaf.subject)", expected: map(\.fingerprint.short).joined(separator: " or "))
        }
        return anchor
    }

    /// By the one that signed it, as `TrustAnchor.verifyDevice`.
    func verifyDevice(_ leaf: Certificate, now: Timestamp) throws(PkiError) -> PresentedCertificate {
        let anchor = try issuer(of: leaf)
        return PresentedCertificate(leaf, of: try anchor.verifyDevice(leaf, now: now), by: anchor)
    }

    /// By the one that signed it, which is returned.
    func verifyOrchestrator(_ leaf: Certificate, now: Timestamp) throws(PkiError) -> TrustAnchor {
        let anchor = try issuer(of: leaf)
        try anchor.verifyOrchestrator(leaf, now: now)
        return anchor
    }
}

extension Timestamp {
    init(_ date: Date) {
        self.init(Int64((date.timeIntervalSince1970 * 1000).rounded()))
    }

    var date: Date { Date(timeIntervalSince1970: Double(rawValue) / 1000) }
}
