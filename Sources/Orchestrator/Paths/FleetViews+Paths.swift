import L45Model
import Reconciler

// Guarded paths as operators see them.
extension FleetViews {
    /// Paths by `INTENT/DESTINATION`, with or without the device in front, or by intent.
    func paths(_ query: ResourceQuery) throws(APIFailure) -> [PathView] {
        var views: [PathView] = []
        for device in try scope(query).map(\.device) {
            guard let known = paths.devices[device.id] else { continue }
            let plans = known.plan?.paths ?? known.table?.paths ?? []
            for plan in plans where query.intent == nil || query.intent == plan.intent {
                let isDecided = known.table?.paths.contains(plan) ?? false
                var view = PathView(
                    plan, device: device.id, deviceName: device.facts.name,
                    far: plan.far.map { names[$0] ?? "\($0)" }, standing: known.report?.standing(plan.name),
                    problems: problems(device.id, known), isDecided: isDecided,
                    trust: trusts[PathTrust.Place(device.id, plan.name)],
                    entry: keys?.entry(PathTrust.Place(device.id, plan.name)))
                view.generationDecided = known.table?.generation ?? Generation.none
                view.generationConfirmed = known.report?.inForce ?? Generation.none
                view.conditions = (view.conditions ?? []) + conditions(of: plan, on: device.id, known, isDecided)
                if let stand = self.stand(on: plan, from: device) {
                    let findings = stand.findings(view.sight)
                    view.middleboxes = stand.names
                    view.findings = findings
                    view.conditions =
                        (view.conditions ?? []) + [
                            stand.condition(findings, isLookedAt: !view.sight.isEmpty)
                        ]
                }
                views.append(view)
            }
        }
        for name in query.names where !views.contains(where: { $0.answers(to: name) }) {
            throw APIFailure(.notFound, "there is no path '\(name)'", hint: "'l45 get paths' lists those that are")
        }
        return query.names.isEmpty ? views : views.filter { view in query.names.contains { view.answers(to: $0) } }
    }

    /// What is said of a path beside its honesty.
    private func conditions(
        of plan: PathPlan, on id: DeviceID, _ device: PathDevice, _ isDecided: Bool
    ) -> [Condition] {
        let observed = device.report?.inForce ?? Generation.none
        let confirmation = PathConfirmation(device)
        let confirmed =
            isDecided
            ? Condition(
                type: "Confirmed", status: confirmation.status, reason: confirmation.reason,
                message: confirmation == .confirmed
                    ? "its device guards it as told, in generation \(observed)" : pathHoldup(id),
                since: standings.sincePathsConfirmed(id, confirmation.status), observed: observed)
            : Condition(
                type: "Confirmed", status: .no, reason: "NotDecided",
                message: "its device was not told yet as its plan now says", since: nil, observed: observed)
        let standing = isDecided ? device.report?.standing(plan.name) : nil
        let healthy =
            standing?.health(observed: observed)
            ?? Condition(
                type: "Healthy", status: .unknown, reason: "NotReported",
                message: "its device has said nothing of it yet",
                since: nil, observed: observed)
        return [confirmed, healthy]
    }

    func phase(
        _ phases: [RolloutPhase], _ guarding: [DeviceID], _ unguarded: [DeviceID]
    ) -> RolloutPhase? {
        guard !guarding.isEmpty else { return phases.min() }
        return (phases + [unguarded.isEmpty ? .settled : .deploy]).min()
    }

    /// What holds up the paths of a device, for an intent's condition.
    func pathHoldup(_ id: DeviceID) -> String {
        let name = names[id] ?? "\(id)"
        guard let device = paths.devices[id] else { return "\(name) is not known" }
        let wanted = device.table?.generation ?? .none
        switch device.link {
        case .speaksNone: return "\(name) runs an agent that guards no paths; update it, or start it with the rights to"
        case .away: return "\(name) is away, and has not confirmed its paths of generation \(wanted)"
        case .connected:
            let problem = device.report?.problems.first.map { ": \($0)" } ?? ""
            return "\(name) has not confirmed its paths of generation \(wanted)\(problem)"
        }
    }

    private func problems(_ id: DeviceID, _ device: PathDevice) -> [String] {
        (device.isConfirmed ? [] : [pathHoldup(id)]) + (device.report?.problems ?? [])
    }

    /// How the paths of an intent are, in one condition.
    func pathConditions(_ intent: IntentName, _ guarding: [DeviceID]) -> [Condition] {
        guard !guarding.isEmpty else { return [] }
        var phases: [PathStanding.Phase: Int] = [:]
        var trouble: String?
        var since = Timestamp.never
        for id in guarding.sorted() {
            for standing in paths.devices[id]?.report?.paths ?? [] where standing.name.intent == intent {
                phases[standing.phase, default: 0] += 1
                since = max(since, standing.since)
                guard trouble == nil, [.blind, .failed, .rolledBack].contains(standing.phase) else { continue }
                trouble = "\(standing.name) on \(names[id] ?? "\(id)"): \(standing.reason)"
            }
        }
        let counts = phases.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value) \($0.key.rawValue)" }
        let said = counts.isEmpty ? "no path has been reported yet" : counts.joined(separator: ", ")
        return [
            Condition(
                type: "PathsSeen", status: counts.isEmpty ? .unknown : trouble == nil ? .yes : .no,
                reason: trouble == nil ? "Looked" : "Trouble",
                message: said + (trouble.map { "; \($0)" } ?? ""), since: since)
        ]
    }
}
