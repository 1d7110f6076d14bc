package import L45Model

extension Reconciler {
    /// A device that does not run yet what the level asks of it.
    package struct Laggard: Hashable, Sendable {
        package var device: DeviceID
        /// In words, as `RolloutStatus.Waiting.reason`.
        package var reason: String
    }

    /// How far a fleet has followed a level of its posture, by the taps' own word.
    ///
    /// A device has followed when its tap, over the present connection, understands every flow of `intents` that its plan
    /// names, sends each that is in force and none that rests. Which edition it sends is the rotation's business; a drain,
    /// and enforcement, which begins after one, are not waited for.
    /// - Parameter intents: the members of the posture.
    /// - Returns: how many devices have such modules, and those that lag, by id.
    package static func followers(
        _ snapshot: FleetSnapshot, of intents: Set<IntentName>, now: Timestamp
    ) -> (devices: Int, laggards: [Laggard]) {
        var count = 0
        var laggards: [Laggard] = []
        guard !intents.isEmpty else { return (0, []) }
        for device in standings(snapshot, now: now) {
            guard device.wanted.contains(where: { intents.contains($0.intent) }) else { continue }
            count += 1
            if let reason = lag(device, of: intents, resting: snapshot.resting) {
                laggards.append(Laggard(device: device.id, reason: reason))
            }
        }
        return (count, laggards)
    }

    private static func lag(
        _ device: DeviceStanding, of intents: Set<IntentName>, resting: Set<IntentName>
    ) -> String? {
        if device.atRest { return nil }
        let entries = device.base.filter { intents.contains($0.plan.intent) }
        let isThere = device.wanted.allSatisfy { plan in
            guard intents.contains(plan.intent) else { return true }
            let states = entries.filter { $0.plan.flow == plan.flow && $0.plan.role == plan.role }.map(\.state)
            if plan.underTest { return states.contains(.deactivated) }
            return resting.contains(plan.intent)
                ? states.contains(.standby) && !states.contains(.active) : states.contains(.active)
        }
        if isThere, device.confirms(entries) { return nil }
        guard device.fresh, device.confirms(entries) else {
            return Wording.unconfirmed(device, generation: device.generation)
        }
        return "waits for the other devices of its flows"
    }
}
