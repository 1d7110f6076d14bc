import L45Model

/// One device's share of a flow: what it is to run in the end, and what it was told to run so far.
///
/// A pass asks these questions of every device of a large fleet, so they walk by index: a module's plan is a large value,
/// and to copy it costs more than to look at it.
struct FlowMember {
    /// Index among the devices of the pass.
    let device: Int
    /// As `Flow.resting`.
    let resting: Bool
    var wanted: [ModulePlan] = []
    var entries: [ModuleEntry] = []
    /// The tap, over this connection, runs `entries`.
    var confirmed = false
    /// Connected and heard over this connection.
    var fresh = false
    /// Every wanted module that is here has its plan's content to the letter. `compare` keeps it.
    private(set) var exact = true

    mutating func compare() {
        exact = wanted.indices.allSatisfy { at in
            place(wanted[at].id).map { entries[$0].plan == wanted[at] } ?? true
        }
    }

    /// Where the entry with this id is.
    func place(_ id: ModuleID) -> Int? { entries.indices.first { entries[$0].plan.id == id } }
    /// Whether the entry at this place stays in the end.
    func isWanted(at place: Int) -> Bool { wanted.indices.contains { wanted[$0].id == entries[place].plan.id } }
    /// Some entry that is to go, and for which this holds.
    private func someLeaving(_ holds: (ModuleState) -> Bool) -> Bool {
        entries.indices.contains { holds(entries[$0].state) && !isWanted(at: $0) }
    }

    func has(_ role: ModulePlan.Role) -> Bool {
        wanted.indices.contains { wanted[$0].role == role }
            || entries.indices.contains { entries[$0].plan.role == role }
    }

    init(device: Int, resting: Bool = false) {
        self.device = device
        self.resting = resting
    }

    /// What this end sends in the end, as an index in `wanted`; nil: plain.
    func target(_ role: ModulePlan.Role) -> Int? {
        resting
            ? nil : wanted.indices.first { wanted[$0].role == role && !wanted[$0].underTest }
    }

    /// This end sends what it is to send in the end, and no module of it sends anything else.
    func atTarget(_ role: ModulePlan.Role) -> Bool {
        let target = target(role).map { wanted[$0].id }
        var there = target == nil
        for at in entries.indices where entries[at].plan.role == role {
            let isTarget = entries[at].plan.id == target
            if (entries[at].state == .active) != isTarget { return false }
            there = there || isTarget
        }
        return there
    }

    /// Every wanted module is here, in a part that understands the dialect (or, under test, does nothing).
    var armed: Bool {
        wanted.indices.allSatisfy { at in
            guard let state = place(wanted[at].id).map({ entries[$0].state }) else { return false }
            return wanted[at].underTest ? state == .deactivated : state == .standby || state == .active
        }
    }

    /// Modules are here that are to go.
    var hasLeaving: Bool { someLeaving { _ in true } }
    /// None of them sends or attaches to anything new.
    var leavingQuiet: Bool { !someLeaving { $0 == .active || $0 == .standby } }
    /// Some of them may still be needed for what is under way.
    var leavingDrains: Bool { someLeaving { $0 != .deactivated } }

    var enforcing: Bool { entries.indices.contains { entries[$0].enforcing } }
    /// Some wanted module is to drop what comes plain, and does not yet.
    var enforcementPending: Bool {
        !resting
            && wanted.indices.contains { at in
                wanted[at].dropUnlessTagged && !wanted[at].underTest
                    && place(wanted[at].id).map { !entries[$0].enforcing } ?? false
            }
    }

    /// One of its ends sends plain in the end.
    var endsPlain: Bool {
        wanted.isEmpty || resting || wanted.indices.contains { wanted[$0].underTest }
            || (has(.client) && target(.client) == nil) || (has(.server) && target(.server) == nil)
    }
    /// One of its ends sends plain now, or will.
    var lettingPlainOut: Bool { lettingPlainOut(.client) || lettingPlainOut(.server) }

    private func lettingPlainOut(_ role: ModulePlan.Role) -> Bool {
        let sends =
            wanted.indices.contains { wanted[$0].role == role && wanted[$0].sends }
            || entries.indices.contains { entries[$0].plan.role == role && entries[$0].plan.sends }
        let speaks = entries.indices.contains { entries[$0].plan.role == role && entries[$0].state == .active }
        return sends && (!speaks || target(role) == nil)
    }
}
