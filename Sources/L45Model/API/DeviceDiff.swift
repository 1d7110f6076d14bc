/// How a device's plan changes, module by module. Never shows a key.
package struct DeviceDiff: Hashable, Codable, Sendable {
    package enum Kind: String, Hashable, Codable, Sendable { case added, changed, removed }

    /// One module: the same intent, flow and role before and after are the same module to an operator, whatever its id.
    package struct Module: Hashable, Codable, Sendable {
        package var kind: Kind
        package var intent: IntentName
        package var flow: FlowName
        package var role: ModulePlan.Role
        package var tapSocket: String
        package var dialect: String
        /// Empty unless changed.
        package var fields: [Field]
    }

    package struct Field: Hashable, Codable, Sendable {
        package var name: String
        package var from: String
        package var to: String
    }

    package var device: DeviceID
    package var deviceName: String
    /// Sorted by flow, then role.
    package var modules: [Module]

    /// - Returns: nil when the two plans are the same in every respect that an operator chose.
    package init?(deviceName: String, from old: DevicePlan?, to new: DevicePlan?) {
        guard let device = new?.device ?? old?.device else { return nil }
        let before = Self.byPlace(old?.modules ?? [])
        let after = Self.byPlace(new?.modules ?? [])
        var modules: [Module] = []
        for place in Set(before.keys).union(after.keys).sorted() {
            switch (before[place], after[place]) {
            case (nil, let plan?): modules.append(Module(.added, plan))
            case (let plan?, nil): modules.append(Module(.removed, plan))
            case (let old?, let new?):
                let fields = Self.fields(from: old, to: new)
                if !fields.isEmpty { modules.append(Module(.changed, new, fields)) }
            case (nil, nil): break
            }
        }
        guard !modules.isEmpty else { return nil }
        self.device = device
        self.deviceName = deviceName
        self.modules = modules
    }

    private struct Place: Hashable, Comparable {
        var flow: FlowName
        var role: String
        /// A device may have several modules at one place; then they pair in the order of their sockets.
        var socket: String
        static func < (a: Place, b: Place) -> Bool {
            (a.flow, a.role, a.socket) < (b.flow, b.role, b.socket)
        }
    }

    private static func byPlace(_ plans: [ModulePlan]) -> [Place: ModulePlan] {
        var places: [Place: ModulePlan] = [:]
        let groups = Dictionary(grouping: plans) { Place(flow: $0.flow, role: $0.role.rawValue, socket: "") }
        for (place, members) in groups {
            let alone = members.count == 1
            for plan in members {
                places[Place(flow: place.flow, role: place.role, socket: alone ? "" : plan.tapSocket.summary)] = plan
            }
        }
        return places
    }

    private static func fields(from old: ModulePlan, to new: ModulePlan) -> [Field] {
        func directions(_ plan: ModulePlan) -> String {
            let parts = [plan.directions.request ? "request" : nil, plan.directions.response ? "response" : nil]
            return parts.compactMap { $0 }.joined(separator: "+")
        }
        let pairs: [(String, String, String)] = [
            ("epoch", "\(old.epoch)", "\(new.epoch)"),
            ("socket", old.tapSocket.summary, new.tapSocket.summary),
            ("dialect", old.dialect.summary, new.dialect.summary),
            ("directions", directions(old), directions(new)),
            ("attach", old.attach.rawValue, new.attach.rawValue),
            ("priority", "\(old.priority)", "\(new.priority)"),
            ("drop unless tagged", "\(old.dropUnlessTagged)", "\(new.dropUnlessTagged)"),
            ("delay", "\(old.delayMicroseconds)us", "\(new.delayMicroseconds)us"),
            ("state window", "\(old.stateRequestWindow)", "\(new.stateRequestWindow)"),
            ("check window", "\(old.securityCheckWindow)", "\(new.securityCheckWindow)"),
            ("under test", "\(old.underTest)", "\(new.underTest)"),
            ("artifact", old.artifact?.digest.short ?? "none", new.artifact?.digest.short ?? "none"),
        ]
        return pairs.filter { $0.1 != $0.2 }.map { Field(name: $0.0, from: $0.1, to: $0.2) }
    }
}

extension DeviceDiff.Module {
    fileprivate init(_ kind: DeviceDiff.Kind, _ plan: ModulePlan, _ fields: [DeviceDiff.Field] = []) {
        self.init(
            kind: kind, intent: plan.intent, flow: plan.flow, role: plan.role, tapSocket: plan.tapSocket.summary,
            dialect: plan.dialect.summary, fields: fields)
    }
}
