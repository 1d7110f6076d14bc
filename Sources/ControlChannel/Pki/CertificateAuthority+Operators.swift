package import L45Model
import X509

extension CertificateAuthority {
    /// A certificate with which somebody may operate from another machine, under `name`. What he may do stands in the CIB and
    /// not in it, so that his rights change without a new one.
    /// - Parameter request: proves possession of the operator's key.
    package func operatorCertificate(
        for request: SigningRequest, name: String, lifetime: Span, now: Timestamp
    ) throws(PkiError) -> String {
        let certificate = try issue(
            .init(request.publicKey), name: "operator \(name)", role: .person(name), lifetime: lifetime, now: now)
        return try pem(certificate)
    }
}
