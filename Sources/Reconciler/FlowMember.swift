import L45Model

/// One device's share of a flow: what it is to run in the end, and what it was told to run so far.
struct FlowMember {
    /// Index among the devices of the pass.
    let device: Int
    var wanted: [ModulePlan] = []
    var entries: [ModuleEntry] = []
    /// The tap, over this connection, runs `entries`.
    var confirmed = false
    /// Connected and heard over this connection.
    var fresh = false

    func has(_ role: ModulePlan.Role) -> Bool {
        wanted.contains { $0.role == role } || entries.contains { $0.plan.role == role }
    }

    /// What this end sends in the end; nil: plain.
    func target(_ role: ModulePlan.Role) -> ModulePlan? { wanted.first { $0.role == role && !$0.underTest } }

    /// This end sends what it is to send in the end, and no module of it sends anything else.
    func atTarget(_ role: ModulePlan.Role) -> Bool {
        let target = target(role)?.id
        return entries.allSatisfy { $0.plan.role != role || ($0.state == .active) == ($0.plan.id == target) }
            && (target == nil || entries.contains { $0.plan.id == target })
    }

    func isWanted(_ entry: ModuleEntry) -> Bool { wanted.contains { $0.id == entry.plan.id } }
    func entry(_ plan: ModulePlan) -> ModuleEntry? { entries.first { $0.plan.id == plan.id } }

    /// Every wanted module is here, in a part that understands the dialect (or, under test, does nothing).
    var armed: Bool {
        wanted.allSatisfy { plan in
            guard let state = entry(plan)?.state else { return false }
            return plan.underTest ? state == .deactivated : state == .standby || state == .active
        }
    }

    /// A module's content is not yet quite its plan's.
    var narrowing: Bool { wanted.contains { plan in entry(plan).map { $0.plan != plan } ?? false } }

    /// Modules that are to go.
    var leaving: [ModuleEntry] { entries.filter { !isWanted($0) } }
    var hasLeaving: Bool { entries.contains { !isWanted($0) } }
    /// None of them sends or attaches to anything new.
    var leavingQuiet: Bool {
        entries.allSatisfy { isWanted($0) || $0.state == .deprecated || $0.state == .deactivated }
    }
    /// Some of them may still be needed for what is under way.
    var leavingDrains: Bool { entries.contains { !isWanted($0) && $0.state != .deactivated } }

    var enforcing: Bool { entries.contains(where: \.enforcing) }
    /// Some wanted module is to drop what comes plain, and does not yet.
    var enforcementPending: Bool {
        wanted.contains { plan in plan.dropUnlessTagged && !plan.underTest && entry(plan)?.enforcing == false }
    }
    /// One of its ends sends plain in the end.
    var endsPlain: Bool {
        wanted.isEmpty || wanted.contains(where: \.underTest) || roles.contains { target($0) == nil }
    }
    /// One of its ends sends plain now, or will.
    var lettingPlainOut: Bool {
        roles.contains { role in
            let sends =
                wanted.contains { $0.role == role && $0.sends }
                || entries.contains { $0.plan.role == role && $0.plan.sends }
            let plainNow = !entries.contains { $0.plan.role == role && $0.state == .active }
            return sends && (plainNow || target(role) == nil)
        }
    }
    var roles: [ModulePlan.Role] { [.client, .server].filter(has) }
}
