import L45Model
import Reconciler

// What is said of modules, with reasons.
extension FleetViews {
    /// - Parameter report: what the device's last report says of the module.
    func conditions(
        of entry: ModuleEntry, _ report: ModuleReport?, on device: DeviceSnapshot, check: CheckView?
    ) -> [Condition] {
        let id = device.device.id
        let standing = ModuleStanding(entry, report, on: device)
        let confirmed = standing.condition(
            entry, report, on: device, since: standings.since(entry.plan.id, on: id, standing.status))
        return [confirmed] + (check.map { [verified($0, entry, on: id)] } ?? [])
    }

    /// The security check, `Verified`.
    private func verified(_ check: CheckView, _ entry: ModuleEntry, on id: DeviceID) -> Condition {
        let window = "asked every \(check.window)"
        let (status, reason, message): (Condition.Status, String, String) =
            switch check.state {
            case .verified: (.yes, "Verified", "\(check.step) answers in a row; \(window)")
            case .waiting: (.unknown, "Waiting", "it has not answered yet; \(window)")
            case .late: (.unknown, "Late", "it left a challenge unanswered, and is asked again")
            case .failed: (.no, "Failed", "it failed, and is being revoked")
            case .unchecked: (.unknown, "NotChecked", "its agent can not relay challenges")
            }
        let since = check.state == .failed ? checks?.distrusts[id]?[entry.plan.intent]?.since : nil
        return Condition(type: "Verified", status: status, reason: reason, message: message, since: since)
    }
}
