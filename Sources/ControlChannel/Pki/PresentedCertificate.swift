package import L45Model
import X509

/// A device's certificate that was shown and found good: of an authority that is trusted, in time, for that device.
package struct PresentedCertificate: Hashable, Sendable {
    package let device: DeviceID
    /// Lowercase hex, as the authority gave it.
    package let serial: String
    /// The fingerprint of the authority that signed it.
    package let authority: Digest
    package let issuedAt: Timestamp
    package let notAfter: Timestamp

    package init(
        device: DeviceID, serial: String, authority: Digest, issuedAt: Timestamp, notAfter: Timestamp
    ) {
        self.device = device
        self.serial = serial
        self.authority = authority
        self.issuedAt = issuedAt
        self.notAfter = notAfter
    }

    init(_ certificate: Certificate, of device: DeviceID, by anchor: TrustAnchor) {
        self.init(
            device: device, serial: certificate.serialText, authority: anchor.fingerprint,
            issuedAt: Timestamp(certificate.notValidBefore) + CertificateAuthority.clockSlack,
            notAfter: Timestamp(certificate.notValidAfter))
    }
}

extension Certificate {
    /// Lowercase hex.
    var serialText: String { Hex.string(serialNumber.bytes) }
}
