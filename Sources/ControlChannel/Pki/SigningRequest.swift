import Crypto
import Foundation
package import L45Model
import SwiftASN1
import X509

/// A request for a certificate (PKCS #10, RFC 2986): a P-256 public key, and the proof that its sender has the private
/// one. Checked when made: a value of this type carries a valid proof.
package struct SigningRequest: Hashable, Sendable {
    package static let bytesMax = 4096

    /// DER.
    package let der: [UInt8]
    /// The identity of the key that it is for.
    package let device: DeviceID
    let publicKey: P256.Signing.PublicKey

    /// - Throws: `malformed` when `der` is no request, is over `bytesMax`, is for another kind of key, or its signature
    ///   is wrong.
    package init(der: [UInt8]) throws(PkiError) {
        guard der.count <= Self.bytesMax else {
            throw .malformed(what: "the signing request", why: "\(der.count) bytes where \(Self.bytesMax) are allowed")
        }
        let request: CertificateSigningRequest
        do {
            request = try CertificateSigningRequest(derEncoded: der)
        } catch {
            throw .malformed(what: "the signing request", why: "\(error)")
        }
        guard let key = P256.Signing.PublicKey(request.publicKey) else {
            throw .malformed(what: "the signing request", why: "its key is not on the curve P-256")
        }
        guard request.publicKey.isValidSignature(request.signature, for: request) else {
            throw .malformed(
                what: "the signing request", why: "its signature does not prove possession of the private key")
        }
        self.der = der
        publicKey = key
        device = DeviceID(publicKeyDER: key.derRepresentation)
    }

    /// Whether it is for this key.
    func isFor(_ key: Certificate.PublicKey) -> Bool {
        P256.Signing.PublicKey(key)?.rawRepresentation == publicKey.rawRepresentation
    }

    package static func == (a: SigningRequest, b: SigningRequest) -> Bool { a.der == b.der }
    package func hash(into hasher: inout Hasher) { hasher.combine(der) }
}
