import Crypto
import Foundation
import L45Model
import X509

extension DeviceID {
    /// The identity that a certificate's key gives; nil: it is not on the curve P-256.
    init?(certificateKeyOf certificate: Certificate) {
        guard let key = P256.Signing.PublicKey(certificate.publicKey) else { return nil }
        self.init(publicKeyDER: key.derRepresentation)
    }
}
