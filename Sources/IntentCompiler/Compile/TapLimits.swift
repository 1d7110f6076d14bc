import L45Model

/// What one device's tap can hold.
enum TapLimits {
    /// During a rotation the old edition of a module stands beside the new one. Of a third one the reconciler makes none
    /// where there is no room.
    static let rulesPerEditionMax = TapSocket.rulesMax / 2

    /// Rules that a module of this end takes.
    static func rules(_ flow: FlowScope, _ role: ModulePlan.Role) -> Int { max(1, flow.remoteBlocks(role).count) }

    /// Devices that would need more rules than their tap has.
    /// - Returns: the intents that take part are refused.
    static func problems(_ flows: [FlowScope], _ devices: [Device]) -> (
        diagnostics: [Diagnostic], intents: Set<IntentName>
    ) {
        // A flow is a large value: its place is kept.
        var needs: [DeviceID: [(flow: Int, count: Int)]] = [:]
        for (at, flow) in flows.enumerated() {
            for role in [ModulePlan.Role.client, .server] {
                let count = rules(flow, role)
                for device in flow.devices(role) { needs[device.id, default: []].append((at, count)) }
            }
        }
        var diagnostics: [Diagnostic] = []
        var intents: Set<IntentName> = []
        // One message for each largest flow, not one for each of 250 devices.
        var crowded: [FlowName: (flow: FlowScope, count: Int, devices: [Device], most: Int)] = [:]
        for device in devices {
            let all = needs[device.id] ?? []
            let total = all.reduce(0) { $0 + $1.count }
            guard total > rulesPerEditionMax, let largest = all.max(by: { $0.count < $1.count }) else { continue }
            intents.formUnion(all.map { flows[$0.flow].intent.name })
            var entry = crowded[flows[largest.flow].name] ?? (flows[largest.flow], largest.count, [], 0)
            entry.devices.append(device)
            entry.most = max(entry.most, total)
            crowded[flows[largest.flow].name] = entry
        }
        for (_, entry) in crowded.sorted(by: { $0.key < $1.key }) {
            diagnostics.append(
                Diagnostic(
                    at: entry.flow.place,
                    "the tap of \(enumeration(entry.devices.map(\.title), max: 4)) would need \(entry.most) rules and has room"
                        + " for \(rulesPerEditionMax) (twice that during a rotation); flow \(entry.flow.name) alone takes"
                        + " \(entry.count), one for each server address",
                    hint: "give the servers as a few blocks: 'server: {addresses: [10.0.0.0/8]}'"))
        }
        return (diagnostics, intents)
    }
}
