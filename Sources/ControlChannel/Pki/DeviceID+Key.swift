import Crypto
package import Foundation
package import L45Model

extension DeviceID {
    /// The identity that a public key gives: the first 32 hex digits of SHA-256 over its DER SubjectPublicKeyInfo.
    package init(publicKeyDER: some DataProtocol) {
        self.init(String(Hex.string(SHA256.hash(data: publicKeyDER)).prefix(32)))
    }

    /// Whether the text has the form of a device id: 32 lowercase hex digits.
    package var isWellFormed: Bool {
        rawValue.utf8.count == 32
            && rawValue.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
