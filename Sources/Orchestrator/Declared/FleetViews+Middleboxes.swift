import L45Model
import Reconciler

// Declared middleboxes as operators see them.
extension FleetViews {
    /// Those that stand on a path of this device; nil: no middlebox is declared at all.
    func stand(on plan: PathPlan, from opener: Device) -> MiddleboxStand? {
        let boxes = declared.middleboxes
        guard !boxes.isEmpty else { return nil }
        return MiddleboxStand(boxes, on: plan, from: opener) { id, group in
            fleet.devices[id]?.device.facts.labels["group.\(group)"] == "yes"
        }
    }

    /// By name, with the guarded paths that they stand on.
    /// - Parameter all: those too that stand on none.
    func middleboxes(_ query: ResourceQuery, all: Bool) throws(APIFailure) -> [MiddleboxView] {
        var onPaths: [DeclaredKey: [MiddleboxView.OnPath]] = [:]
        for device in try scope(ResourceQuery(.devices)).map(\.device) {
            guard let known = paths.devices[device.id] else { continue }
            for plan in known.plan?.paths ?? known.table?.paths ?? [] {
                guard let stand = self.stand(on: plan, from: device), !stand.crossings.isEmpty else { continue }
                let isDecided = known.table?.paths.contains(plan) ?? false
                let sight = isDecided ? known.report?.standing(plan.name)?.sight ?? [] : []
                let findings = stand.findings(sight)
                for crossing in stand.crossings {
                    onPaths[crossing.box.key, default: []].append(
                        MiddleboxView.OnPath(
                            device: device.id, deviceName: device.facts.name, path: plan.name,
                            findings: findings.filter { $0.by.contains(crossing.box.name) }))
                }
            }
        }
        let views = declared.middleboxes.map { box in
            MiddleboxView(
                box,
                paths: (onPaths[box.key] ?? []).sorted { ($0.deviceName, $0.path) < ($1.deviceName, $1.path) })
        }.filter { all || !$0.paths.isEmpty }
        for name in query.names where !views.contains(where: { $0.name == name }) {
            throw APIFailure(
                .notFound, "there is no middlebox '\(name)'",
                hint: "'l45 get middleboxes' lists those that are declared")
        }
        return query.names.isEmpty ? views : views.filter { query.names.contains($0.name) }
    }
}
