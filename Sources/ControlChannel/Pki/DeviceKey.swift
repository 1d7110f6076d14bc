import Crypto
import Foundation
package import L45Model
import SwiftASN1
import X509

/// A device's private key (P-256). Made on the device; only its public half ever leaves it.
package struct DeviceKey: Sendable, CustomStringConvertible {
    let key: P256.Signing.PrivateKey

    /// A new key from the system's random source.
    package init() {
        key = P256.Signing.PrivateKey()
    }

    /// - Throws: `malformed` when the text is no P-256 private key in PEM (PKCS #8 or SEC 1).
    package init(pem: String) throws(PkiError) {
        do {
            key = try P256.Signing.PrivateKey(pemRepresentation: pem)
        } catch {
            throw .malformed(what: "the private key", why: "it is no P-256 key in PEM (\(error))")
        }
    }

    /// PKCS #8 PEM. For the identity store alone.
    package var pem: String { key.pemRepresentation }

    package var device: DeviceID { DeviceID(publicKeyDER: key.publicKey.derRepresentation) }

    package func signingRequest() throws(PkiError) -> SigningRequest {
        do {
            let request = try CertificateSigningRequest(
                version: .v1, subject: DistinguishedName { CommonName(device.rawValue) },
                privateKey: Certificate.PrivateKey(key), attributes: .init())
            var serializer = DER.Serializer()
            try serializer.serialize(request)
            return try SigningRequest(der: serializer.serializedBytes)
        } catch let error as PkiError {
            throw error
        } catch {
            throw .malformed(what: "the signing request", why: "\(error)")
        }
    }

    package var description: String { "key of device \(device)" }
}
