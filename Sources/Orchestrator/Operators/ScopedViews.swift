import L45Model

// What an operator with a scope sees: the fleet as if it had the devices of the scope alone.
extension FleetState {
    /// - Parameter covered: nil: all.
    func restricted(to covered: Set<DeviceID>?) -> FleetState {
        guard let covered else { return self }
        var fleet = self
        for id in devices.keys where !covered.contains(id) { fleet.forget(id) }
        for status in statuses.values where status.waiting.contains(where: { !covered.contains($0.device) }) {
            var status = status
            status.waiting.removeAll { !covered.contains($0.device) }
            fleet.show(status)
        }
        return fleet
    }
}

extension PathFleet {
    func restricted(to covered: Set<DeviceID>?) -> PathFleet {
        guard let covered else { return self }
        var paths = self
        for id in devices.keys where !covered.contains(id) { paths.forget(id) }
        return paths
    }
}

extension APIResponse {
    /// Without what is outside the caller's scope. Events of intents and flows stay, without their facts, which may name devices.
    func within(_ call: OperatorCall) -> APIResponse {
        guard let covered = call.devices else { return self }
        switch self {
        case .applied(var result):
            result.devices.removeAll { !covered.contains($0.device) }
            return .applied(result)
        case .planned(var result):
            result.change.devices.removeAll { !covered.contains($0.device) }
            // A trial would need the devices at the other ends.
            result.inventory = nil
            return .planned(result)
        case .events(let events):
            return .events(events.compactMap { $0.within(covered) })
        case .alerts(let alerts):
            // One that is of no device is of the whole fleet.
            return .alerts(alerts.filter { $0.device.map(covered.contains) ?? false })
        default:
            return self
        }
    }
}

extension EventView {
    fileprivate func within(_ covered: Set<DeviceID>) -> EventView? {
        let parts = subject.split(separator: "/")
        guard let kind = parts.first else { return nil }
        switch kind {
        case "device", "path":
            return parts.count > 1 && covered.contains(DeviceID(String(parts[1]))) ? self : nil
        case "intent", "flow", "posture":
            var event = self
            event.facts = [:]
            return event
        default: return nil
        }
    }
}
