import ControlChannel
import Inventory
import L45Model

/// Why a device holds the phase of a change of authority.
enum AuthorityWait: String, Hashable, Sendable {
    /// It has not connected since certificates in use are noted.
    case unheard = "has not connected"
    case oldAgent = "its agent is too old to take another authority; update it"
    case lacksNew = "does not trust the new authority yet"
    case usesOld = "goes on with a certificate of the old authority"
    case trustsOld = "trusts the old authority still"

    /// - Parameter certificate: what the device showed last, and said that it trusts.
    /// - Returns: nil when the device is done with the phase.
    static func reason(_ standing: AuthorityStanding, _ certificate: CertificateStanding?) -> AuthorityWait? {
        guard standing.phase != .settled else { return nil }
        guard let certificate else { return .unheard }
        guard !certificate.trusts.isEmpty else { return .oldAgent }
        let issuing = standing.issuing.anchor.fingerprint
        switch standing.phase {
        case .settled: return nil
        case .distributing:
            guard let incoming = standing.incoming else { return nil }
            return certificate.trusts.contains(incoming.anchor.fingerprint) ? nil : .lacksNew
        case .renewing:
            return certificate.authority == issuing ? nil : .usesOld
        case .dropping:
            return certificate.trusts == [issuing] ? nil : .trustsOld
        }
    }
}
