import L45Model
import X509

/// Which end of the channel a certificate is for. Said twice in it, by key usage and by a URI, so that no certificate
/// of one role passes for the other. Names and addresses of hosts play no part: orchestrators move.
enum ChannelRole: Equatable {
    case orchestrator
    case device(DeviceID)
    /// What signs tables.
    case signer
    /// Somebody who operates from another machine.
    case person(String)

    private static let devicePrefix = "l45:device:"

    var uri: String {
        switch self {
        case .orchestrator: "l45:orchestrator"
        case .device(let id): "\(Self.devicePrefix)\(id)"
        case .person(let name): "l45:operator:\(name)"
        case .signer: "l45:signer"
        }
    }

    var usage: ExtendedKeyUsage.Usage {
        switch self {
        case .orchestrator: .serverAuth
        case .device, .person: .clientAuth
        case .signer: .codeSigning
        }
    }

    /// In words, for errors.
    var name: String {
        switch self {
        case .orchestrator: "an orchestrator"
        case .device(let id): "device \(id)"
        case .person(let name): "operator \(name)"
        case .signer: "a signer of tables"
        }
    }

    /// - Returns: nil when the certificate is for this role, otherwise what speaks against it.
    func objection(to certificate: Certificate) -> String? {
        guard let usages = try? certificate.extensions.extendedKeyUsage, usages.contains(usage) else {
            return "its extended key usage lacks \(usage)"
        }
        guard let names = try? certificate.extensions.subjectAlternativeNames,
            names.contains(.uniformResourceIdentifier(uri))
        else {
            return "its subject alternative names lack '\(uri)'"
        }
        return nil
    }

    /// The device that a certificate names; nil when it names none, or more than one thing.
    static func device(in certificate: Certificate) -> DeviceID? {
        guard let names = try? certificate.extensions.subjectAlternativeNames, names.count == 1,
            case .uniformResourceIdentifier(let uri)? = names.first, uri.hasPrefix(devicePrefix)
        else { return nil }
        let device = DeviceID(String(uri.dropFirst(devicePrefix.count)))
        return device.isWellFormed ? device : nil
    }
}
