import L45Model

/// What would follow from new plans: which flows change their edition, and on whom. Pure.
struct PlanForecast {
    let devices: [DeviceID: Device]
    /// Plans in force.
    let before: [DevicePlan]
    let after: [DevicePlan]
    /// Intents as they would be.
    let book: IntentBook
    let drainBound: Span

    private struct Ends {
        var intent: IntentName
        var epoch: Epoch
        var clients: Set<DeviceID> = []
        var servers: Set<DeviceID> = []
    }

    private static func ends(_ plans: [DevicePlan]) -> [FlowName: Ends] {
        var flows: [FlowName: Ends] = [:]
        for plan in plans {
            for module in plan.modules {
                var ends = flows[module.flow] ?? Ends(intent: module.intent, epoch: module.epoch)
                if module.role == .client { ends.clients.insert(plan.device) } else { ends.servers.insert(plan.device) }
                flows[module.flow] = ends
            }
        }
        return flows
    }

    /// Sorted by flow.
    var rotations: [PlanRotation] {
        let old = Self.ends(before)
        let new = Self.ends(after)
        return Set(old.keys).union(new.keys).sorted().compactMap { flow in
            let (from, to) = (old[flow], new[flow])
            guard from?.epoch != to?.epoch else { return nil }
            let strategy = to.flatMap { book.strategies[$0.intent] }
            let least = strategy?.leastSpan(drainBound: drainBound) ?? (from == nil ? nil : drainBound)
            return PlanRotation(
                flow: flow, from: from?.epoch, to: to?.epoch,
                clients: (from?.clients ?? []).union(to?.clients ?? []).count,
                servers: (from?.servers ?? []).union(to?.servers ?? []).count,
                waves: strategy.map { $0.steps.map(\.description).joined(separator: ", ") },
                leastSeconds: least.map { Double($0.milliseconds) / 1000 })
        }
    }

    // MARK: for a simulation

    /// At most `most` devices: of each end of each flow of a touched intent in turn, so that none is without its other
    /// end while there is room; then, while there is room, those beside them.
    func inventory(before: IntentBook, touched: Set<IntentName>, most: Int) -> PlanInventory {
        let flows = [Self.ends(self.before), Self.ends(after)]
        func ends(_ wanted: (IntentName) -> Bool) -> [[DeviceID]] {
            flows.flatMap { flows in
                flows.sorted { $0.key < $1.key }.filter { wanted($0.value.intent) }
                    .flatMap { [$0.value.clients.sorted(), $0.value.servers.sorted()] }
            }
        }
        let concerned = ends(touched.contains)
        var chosen: Set<DeviceID> = []
        for end in [concerned, ends { !touched.contains($0) }] {
            for round in 0..<(end.map(\.count).max() ?? 0) {
                for devices in end where devices.indices.contains(round) && chosen.count < most {
                    chosen.insert(devices[round])
                }
            }
        }
        return PlanInventory(
            devices: chosen.sorted().compactMap { devices[$0] }, devicesAll: devices.count,
            devicesConcerned: Set(concerned.joined()).count,
            before: before.records.values.sorted { $0.name < $1.name },
            after: book.records.values.sorted { $0.name < $1.name }, touched: touched.sorted(), drainBound: drainBound)
    }
}
