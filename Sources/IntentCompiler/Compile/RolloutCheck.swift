package import L45Model

/// What a schedule and a rollout ask that this fleet and this orchestrator cannot do. For the author of an intent alone: a
/// fleet that shrinks later makes no intent wrong.
package enum RolloutCheck {
    /// - Parameter flows: what the intent comes to, by `IntentSummary`.
    /// - Parameter drainBound: how long old decoders stay, `RolloutPolicy.drainBound`.
    package static func problems(
        _ intent: Intent, flows: [IntentSummary.Flow], devices: [Device], drainBound: Span
    ) -> [Diagnostic] {
        var problems: [Diagnostic] = []
        let least = intent.rollout?.leastSpan(drainBound: drainBound) ?? drainBound
        let made = parts(intent.rollout, drainBound)
        if let rotation = intent.rotation, rotation.timing.shortestGap <= least {
            let hint =
                switch rotation.timing {
                case .every: "the shortest that fits is 'every \(above(least))'"
                case .cron: "leave \(above(least)) at least between two times"
                }
            problems.append(
                Diagnostic(
                    at: intent.places.rotate ?? intent.places.name,
                    "a rotation every \(rotation.timing.shortestGap) comes before the one before can be over: "
                        + "it takes more than \(least) (\(made))",
                    hint: hint))
        }
        guard let rollout = intent.rollout else { return problems }
        if let deadline = rollout.deadline, deadline <= least {
            problems.append(
                Diagnostic(
                    at: intent.places.deadline ?? intent.places.name,
                    "a deadline of \(deadline) is over before the rollout can be: it takes more than \(least) (\(made))",
                    hint: "the shortest that fits is 'deadline \(above(least))'"))
        }
        let scope = flows.map { $0.clients.isEmpty ? $0.servers : $0.clients }
        guard let widest = scope.max(by: { $0.count < $1.count }), !widest.isEmpty else { return problems }
        for (wave, place) in zip(rollout.waves, intent.places.waves) {
            switch wave {
            case .count(let count) where count > widest.count:
                problems.append(
                    Diagnostic(
                        at: place,
                        "a wave of \(counted(count, "device")) is larger than the fleet: '\(intent.name)' has \(widest.count) "
                            + "at the larger end of a flow",
                        hint: widest.count > 1
                            ? "\(widest.count - 1) leave one to follow; or give a share, such as 10%"
                            : "there is one device: leave the waves out"))
            case .label(let key, let value)
            where !devices.contains(where: { $0.facts.labels[key] == value && isIn($0.id, flows) }):
                let values = Set(devices.filter { isIn($0.id, flows) }.compactMap { $0.facts.labels[key] }).sorted()
                problems.append(
                    Diagnostic(
                        at: place, "no device of '\(intent.name)' has \(key)=\(value), so this wave is empty",
                        hint: Suggestion.hint(
                            for: value, among: values,
                            otherwise: values.isEmpty
                                ? "none of them has a label '\(key)'" : "they have \(enumeration(values))")))
            default: break
            }
        }
        return problems
    }

    private static func isIn(_ device: DeviceID, _ flows: [IntentSummary.Flow]) -> Bool {
        flows.contains { $0.clients.contains(device) || $0.servers.contains(device) }
    }

    private static func parts(_ rollout: RolloutStrategy?, _ drainBound: Span) -> String {
        let drain = "the drain bound of \(drainBound)"
        guard let rollout, rollout.soak > .zero else { return drain }
        return "\(counted(2 * rollout.steps.count - 1, "soak")) of \(rollout.soak) and \(drain)"
    }

    /// The next whole unit above: seconds below a minute, minutes below an hour, then hours.
    private static func above(_ span: Span) -> Span {
        let unit: Int64 = span < .seconds(60) ? 1000 : span < .seconds(3600) ? 60_000 : 3_600_000
        return .milliseconds((span.milliseconds / unit + 1) * unit)
    }
}
