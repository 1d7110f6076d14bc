import ControlChannel
import Foundation
import Inventory
import L45Model

/// The authorities in the CIB, sealed. Each change of phase is one transaction.
enum AuthorityStore {
    private static let certificateName = "authority.certificate"
    private static let keyName = "authority.key"
    private static let rotationName = "authority.rotation"

    /// The one that is not issuing.
    private struct Rotation: Codable {
        var phase: AuthorityStanding.Phase
        var certificate: String
        /// Of the incoming one alone: the outgoing one's is gone.
        var key: String?
        var since: Timestamp
    }

    /// What the CIB holds, or a new authority that it holds from now on.
    static func load(_ inventory: Inventory, now: Timestamp) throws -> AuthorityStanding {
        guard let certificate = try inventory.sealed(certificateName), let key = try inventory.sealed(keyName) else {
            let standing = AuthorityStanding.settled(try CertificateAuthority.create(now: now), since: now)
            try store(standing, in: inventory)
            return standing
        }
        let issuing = try CertificateAuthority(
            certificatePEM: String(decoding: certificate, as: UTF8.self), keyPEM: String(decoding: key, as: UTF8.self))
        guard let stored = try inventory.sealed(rotationName) else { return .settled(issuing, since: now) }
        let rotation = try CanonicalJSON.decode(Rotation.self, from: stored)
        switch (rotation.phase, rotation.key) {
        case (.distributing, let key?):
            return .distributing(
                issuing, incoming: try CertificateAuthority(certificatePEM: rotation.certificate, keyPEM: key),
                since: rotation.since)
        case (.renewing, _):
            return .renewing(
                issuing, outgoing: try TrustAnchor(certificatePEM: rotation.certificate), since: rotation.since)
        case (.dropping, _):
            return .dropping(
                issuing, outgoing: try TrustAnchor(certificatePEM: rotation.certificate), since: rotation.since)
        case (.settled, _), (.distributing, nil):
            return .settled(issuing, since: rotation.since)
        }
    }

    static func store(_ standing: AuthorityStanding, in inventory: Inventory) throws {
        let rotation: Rotation? =
            switch standing.phase {
            case .settled: nil
            case .distributing:
                standing.incoming.map {
                    Rotation(
                        phase: standing.phase, certificate: $0.certificatePEM, key: $0.keyPEM, since: standing.since)
                }
            case .renewing, .dropping:
                standing.outgoing.map {
                    Rotation(phase: standing.phase, certificate: $0.certificatePEM, since: standing.since)
                }
            }
        try inventory.seal([
            certificateName: Data(standing.issuing.certificatePEM.utf8), keyName: Data(standing.issuing.keyPEM.utf8),
            rotationName: try rotation.map { try CanonicalJSON.encode($0) },
        ])
    }
}
