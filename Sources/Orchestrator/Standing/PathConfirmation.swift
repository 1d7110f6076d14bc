import L45Model
import Reconciler

/// Whether a device guards its paths as it was told. Pure.
enum PathConfirmation: Hashable {
    case confirmed, progressing, away
    /// Its agent guards no paths.
    case speaksNone

    init(_ device: PathDevice) {
        switch device.link {
        case .away: self = .away
        case .speaksNone: self = .speaksNone
        case .connected: self = device.isConfirmed ? .confirmed : .progressing
        }
    }

    var status: Condition.Status {
        switch self {
        case .confirmed: .yes
        case .progressing, .speaksNone: .no
        case .away: .unknown
        }
    }

    var reason: String {
        switch self {
        case .confirmed: "Confirmed"
        case .progressing: "Progressing"
        case .away: "DeviceAway"
        case .speaksNone: "AgentGuardsNone"
        }
    }
}

extension PathStanding {
    /// As a condition of the path, `Healthy`: whether what is done about it serves.
    func health(observed: Generation?) -> Condition {
        let (status, reason, otherwise): (Condition.Status, String, String) =
            switch phase {
            case .clear: (.yes, "Clear", "every extension may pass")
            case .gated: (.yes, "Gated", "what the path breaks is kept out of its handshakes")
            case .rolledBack: (.no, "RolledBack", "its gates were taken back")
            case .blind: (.no, "Blind", "the last look told nothing")
            case .failed: (.no, "Failed", "its gates could not be put in force")
            case .new: (.unknown, "NotLooked", "it was not looked at yet")
            default: (.unknown, "Looking", "it is being looked at: \(phase.rawValue)")
            }
        return Condition(
            type: "Healthy", status: status, reason: reason, message: self.reason.isEmpty ? otherwise : self.reason,
            since: since, observed: observed)
    }
}
