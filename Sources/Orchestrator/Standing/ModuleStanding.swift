import L45Model
import Reconciler

/// Whether a module is what its device was told, by the tap's own word. Pure.
enum ModuleStanding: Hashable {
    /// The tap has it, in the part that was decided.
    case confirmed
    case progressing
    /// The device refused the table that asks for it, and why.
    case refused(String)
    /// What the tap said last was over another connection.
    case unheard
    case away(since: Timestamp)

    /// - Parameter report: what the device's last report says of the module.
    init(_ entry: ModuleEntry, _ report: ModuleReport?, on device: DeviceSnapshot) {
        switch device.link {
        case .away(let since): self = .away(since: since)
        case .connected(_, reported: false): self = .unheard
        case .connected where report?.state == entry.state && report?.enforcing == entry.enforcing: self = .confirmed
        case .connected:
            if let refusal = device.refusal, refusal.generation == device.table?.generation {
                self = .refused(refusal.reason)
            } else {
                self = .progressing
            }
        }
    }

    var status: Condition.Status {
        switch self {
        case .confirmed: .yes
        case .progressing, .refused: .no
        case .unheard, .away: .unknown
        }
    }

    /// As a condition of the module, `Confirmed`.
    /// - Parameter since: when the status became this; nil: not known.
    func condition(
        _ entry: ModuleEntry, _ report: ModuleReport?, on device: DeviceSnapshot, since: Timestamp?
    ) -> Condition {
        let confirmed = device.report?.generation ?? Generation.none
        let decided = device.table?.generation ?? Generation.none
        func part(_ state: ModuleState, _ enforcing: Bool) -> String {
            state.rawValue + (enforcing ? ", enforcing" : "")
        }
        let has = report.map { "has it as \(part($0.state, $0.enforcing))" } ?? "does not have it"
        let told = "was told \(part(entry.state, entry.enforcing)) by generation \(decided)"
        let (reason, message): (String, String) =
            switch self {
            case .confirmed:
                ("Confirmed", "its tap has it as \(part(entry.state, entry.enforcing)), in generation \(confirmed)")
            case .progressing: ("Progressing", "its tap \(has) in generation \(confirmed), and \(told)")
            case .refused(let why): ("Refused", "its agent refused generation \(decided): \(why)")
            case .unheard: ("NotReported", "its device is connected and has not reported yet; it \(told)")
            case .away(let since):
                (
                    "DeviceAway",
                    "its device is away since \(since.rfc3339); its tap \(has) by the last report, and \(told)"
                )
            }
        return Condition(
            type: "Confirmed", status: status, reason: reason, message: message, since: since, observed: confirmed)
    }
}
