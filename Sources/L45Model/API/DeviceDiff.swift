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
    /// Sorted by name.
    package var paths: [Path]

    /// One guarded path.
    package struct Path: Hashable, Codable, Sendable {
        package var kind: Kind
        package var name: PathName
        /// `auto but ecn proven; every 10m`.
        package var policy: String
    }

    /// Intents that stand by at a level of the posture: before, and after.
    package struct Resting: Sendable {
        package var before: Set<IntentName>
        package var after: Set<IntentName>
        package init(before: Set<IntentName> = [], after: Set<IntentName> = []) {
            self.before = before
            self.after = after
        }
    }

    /// - Returns: nil when the two plans are the same in every respect that an operator chose, the level among them.
    package init?(
        deviceName: String, from old: DevicePlan?, to new: DevicePlan?, pathsFrom oldPaths: DevicePaths? = nil,
        pathsTo newPaths: DevicePaths? = nil, resting: Resting = Resting()
    ) {
        guard let device = new?.device ?? old?.device ?? newPaths?.device ?? oldPaths?.device else { return nil }
        let paths = Self.paths(oldPaths?.paths ?? [], newPaths?.paths ?? [])
        let before = Dictionary(grouping: old?.modules ?? [], by: Place.init)
        let after = Dictionary(grouping: new?.modules ?? [], by: Place.init)
        var modules: [Module] = []
        for place in Set(before.keys).union(after.keys).sorted() {
            modules += Self.pairs(before[place] ?? [], after[place] ?? [], resting)
        }
        guard !(modules.isEmpty && paths.isEmpty) else { return nil }
        self.device = device
        self.deviceName = deviceName
        self.modules = modules
        self.paths = paths
    }

    private static func paths(_ old: [PathPlan], _ new: [PathPlan]) -> [Path] {
        let before = Dictionary(old.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(new.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            guard let plan = after[name] else {
                return before[name].map { Path(kind: .removed, name: name, policy: $0.policy.summary) }
            }
            guard before[name] != plan else { return nil }
            return Path(kind: before[name] == nil ? .added : .changed, name: name, policy: plan.policy.summary)
        }
    }

    private struct Place: Hashable, Comparable {
        let flow: FlowName
        let role: String
        init(_ plan: ModulePlan) {
            flow = plan.flow
            role = plan.role.rawValue
        }
        static func < (a: Place, b: Place) -> Bool { (a.flow, a.role) < (b.flow, b.role) }
    }

    /// Modules of one flow and role: those on the same socket are the same; of the others, as many as there are on
    /// both sides changed their socket.
    private static func pairs(_ old: [ModulePlan], _ new: [ModulePlan], _ resting: Resting) -> [Module] {
        var gone = old
        var pairs: [(ModulePlan, ModulePlan)] = []
        var come: [ModulePlan] = []
        for plan in new {
            if let at = gone.firstIndex(where: { $0.tapSocket == plan.tapSocket }) {
                pairs.append((gone.remove(at: at), plan))
            } else {
                come.append(plan)
            }
        }
        let moved = zip(gone, come)
        pairs += moved
        let changed = pairs.compactMap { pair in
            let fields = fields(from: pair.0, to: pair.1, resting)
            return fields.isEmpty ? nil : Module(.changed, pair.1, fields)
        }
        let left = min(gone.count, come.count)
        return changed + gone.dropFirst(left).map { Module(.removed, $0) }
            + come.dropFirst(left).map { Module(.added, $0) }
    }

    private static func fields(from old: ModulePlan, to new: ModulePlan, _ resting: Resting) -> [Field] {
        func part(_ intent: IntentName, _ resting: Set<IntentName>) -> String {
            resting.contains(intent) ? "standby" : "in force"
        }
        func directions(_ plan: ModulePlan) -> String {
            let parts = [plan.directions.request ? "request" : nil, plan.directions.response ? "response" : nil]
            return parts.compactMap { $0 }.joined(separator: "+")
        }
        let pairs: [(String, String, String)] = [
            ("epoch", "\(old.epoch)", "\(new.epoch)"),
            ("part", part(old.intent, resting.before), part(new.intent, resting.after)),
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
