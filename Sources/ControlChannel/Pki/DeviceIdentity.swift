import Crypto
import Foundation
package import L45Model
import SwiftASN1
import X509

/// What an agent opens its channel with: its key, its certificate, and the authority that it trusts.
package struct DeviceIdentity: Sendable, CustomStringConvertible {
    package let key: DeviceKey
    package let certificatePEM: String
    package let anchor: TrustAnchor
    /// The certificate's end.
    package let expiresAt: Timestamp
    /// When two thirds of its life are over: from then on the agent asks for the next one.
    package let renewAt: Timestamp

    package var device: DeviceID { key.device }

    /// - Throws: `malformed` when a text is not what it should be, or the certificate is for another key;
    ///   `otherAuthority` or `wrongRole` when it is not of this authority, or not for a device. An expired one is
    ///   accepted here: the orchestrator says so.
    package init(key: DeviceKey, certificatePEM: String, authorityPEM: String) throws(PkiError) {
        let anchor = try TrustAnchor(certificatePEM: authorityPEM)
        let certificate: Certificate
        do {
            certificate = try Certificate(pemEncoded: certificatePEM)
        } catch {
            throw .malformed(what: "the device certificate", why: "\(error)")
        }
        let device = try anchor.verifyDevice(certificate, now: Timestamp(certificate.notValidBefore))
        guard device == key.device else {
            throw .malformed(
                what: "the device certificate", why: "it is for device \(device), the key is of \(key.device)")
        }
        self.key = key
        self.certificatePEM = certificatePEM
        self.anchor = anchor
        let begin = Timestamp(certificate.notValidBefore)
        expiresAt = Timestamp(certificate.notValidAfter)
        renewAt = begin + .milliseconds((expiresAt - begin).milliseconds / 3 * 2)
    }

    package var description: String { "device \(device), certificate until \(expiresAt.rfc3339)" }
}
