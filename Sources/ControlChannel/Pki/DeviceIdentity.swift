import Crypto
import Foundation
package import L45Model
import SwiftASN1
import X509

/// What an agent opens its channel with: its key, its certificate, and the authorities that it trusts.
package struct DeviceIdentity: Sendable, CustomStringConvertible {
    package let key: DeviceKey
    package let certificatePEM: String
    /// Named by the certificate: the device keeps its name when its key is renewed.
    package let device: DeviceID
    /// Whom it takes for an authority: one, and two while one follows another. Never empty.
    package let anchors: [TrustAnchor]
    /// The one of them that issued its own certificate.
    package let anchor: TrustAnchor
    /// The certificate's serial, in lowercase hex.
    package let serial: String
    /// The certificate's end.
    package let expiresAt: Timestamp
    /// When two thirds of its life are over: from then on the agent asks for the next one.
    package let renewAt: Timestamp

    /// - Throws: `malformed` when a text is not what it should be, or the certificate is for another key;
    ///   `otherAuthority` or `wrongRole` when it is not of this authority, or not for a device. An expired one is
    ///   accepted here: the orchestrator says so.
    package init(key: DeviceKey, certificatePEM: String, authorityPEM: String) throws(PkiError) {
        try self.init(
            key: key, certificatePEM: certificatePEM, anchors: [try TrustAnchor(certificatePEM: authorityPEM)])
    }

    /// - Throws: the same; `otherAuthority` when none of `anchors` issued the certificate.
    package init(key: DeviceKey, certificatePEM: String, anchors: [TrustAnchor]) throws(PkiError) {
        let certificate: Certificate
        do {
            certificate = try Certificate(pemEncoded: certificatePEM)
        } catch {
            throw .malformed(what: "the device certificate", why: "\(error)")
        }
        let anchor = try anchors.issuer(of: certificate)
        device = try anchor.verifyDevice(certificate, now: Timestamp(certificate.notValidBefore))
        let named = P256.Signing.PublicKey(certificate.publicKey)
        guard named?.rawRepresentation == key.key.publicKey.rawRepresentation else {
            throw .malformed(what: "the device certificate", why: "it is for another key than the one beside it")
        }
        self.key = key
        self.certificatePEM = certificatePEM
        self.anchors = anchors
        self.anchor = anchor
        serial = certificate.serialText
        let begin = Timestamp(certificate.notValidBefore)
        expiresAt = Timestamp(certificate.notValidAfter)
        renewAt = begin + .milliseconds((expiresAt - begin).milliseconds / 3 * 2)
    }

    /// The same key and certificate, with other authorities.
    /// - Throws: `otherAuthority` when none of them issued the certificate.
    package func trusting(_ anchors: [TrustAnchor]) throws(PkiError) -> DeviceIdentity {
        try DeviceIdentity(key: key, certificatePEM: certificatePEM, anchors: anchors)
    }

    package var description: String { "device \(device), certificate until \(expiresAt.rfc3339)" }
}

/// What becomes of a device's identity while it is connected. Each step is on the disk before the next thing is done.
package enum IdentityStep: Sendable {
    /// A new certificate for a new key, which nobody has seen yet: keep it beside the one in use.
    case renewed(DeviceIdentity)
    /// The orchestrator took it: it replaces the one before.
    case used(DeviceIdentity)
    /// The one in use, with other authorities.
    case trusting(DeviceIdentity)
}
