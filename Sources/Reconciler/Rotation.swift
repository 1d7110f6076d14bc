import L45Model

/// One step of one flow from what its devices were told so far towards what their plans say: make before break.
///
/// A sender goes from one dialect to another, from plain to a dialect (a first install) or from a dialect to plain (a
/// withdrawal, a device that leaves): plain is the edition that every device understands unless it enforces. So there is
/// one path for all three, and for a rollback it is walked again with the editions exchanged.
///
/// Two kinds of change need nobody's leave, since they only make a device understand more: a new module at standby, and
/// enforcement taken off. Every other one has a guard, and each guard asks for confirmation by the taps: what an
/// unconfirmed device runs is not known.
struct Rotation {
    let flow: Flow
    /// Paused or braked: nothing moves.
    let held: Bool
    /// The standing shown so far.
    private let shown: RolloutStatus?
    /// The same, if it is of the same edition.
    let standing: RolloutStatus?
    let policy: RolloutPolicy
    let now: Timestamp
    /// For drain reports, by `FlowMember.device`.
    let devices: [DeviceStanding]
    /// Waves and bounds of its strategy; nil: it has none, or nothing to do.
    let course: Course?

    /// The members' next entries. As `flow.members` where nothing changes.
    private(set) var next: [FlowMember]
    /// Somebody is to understand, send or reach something else than before: what was quiet has to be found quiet anew.
    private(set) var turned = false
    /// The plans want a later edition than this one, for which a tap has no room yet.
    let isBetween: Bool
    /// Places of members whose taps have no room for what they are to hold next.
    private(set) var crowded: [Int] = []
    /// Addresses of devices that are on their way out of the edition wanted, and still understand it.
    private let departing: Set<AddressBlock>

    init(
        flow: Flow, held: Bool, standing: RolloutStatus?, policy: RolloutPolicy, now: Timestamp,
        devices: [DeviceStanding], course: Course? = nil, isBetween: Bool = false
    ) {
        self.isBetween = isBetween
        self.course = course
        self.flow = flow
        self.held = held
        shown = standing
        // To come into force and to go to rest are two ways, each with a clock of its own.
        self.standing =
            standing?.epoch == flow.epoch && (standing?.rest == .standby) == flow.resting ? standing : nil
        self.policy = policy
        self.now = now
        self.devices = devices
        next = flow.members
        mayEnforce =
            !flow.resting
            && !flow.members.contains { member in member.wanted.indices.contains { member.wanted[$0].underTest } }
        let leavers = flow.members.filter { member in
            member.entries.indices.contains { at in
                let state = member.entries[at].state
                return member.entries[at].plan.epoch == flow.epoch && (state == .standby || state == .active)
                    && !member.isWanted(at: at)
            }
        }
        departing = Set(leavers.flatMap { devices[$0.device].snapshot.device.facts.addresses })
    }

    /// The content that an entry is to have until peers that left are silent: its plan's, and besides, while it only
    /// listens, all the peers that it had; once it sends, those that still understand it.
    private func content(_ plan: ModulePlan, for entry: ModuleEntry) -> ModulePlan {
        plan.widened(by: entry.plan) { peer in
            guard entry.state == .active else { return true }
            guard let block = peer.block else { return false }
            return departing.contains { $0.overlaps(block) }
        }
    }

    /// Some module does not reach yet all that it is to reach.
    func widening(_ member: FlowMember) -> Bool {
        !member.exact
            && member.wanted.contains { plan in
                guard let entry = member.place(plan.id).map({ member.entries[$0] }) else { return false }
                return entry.plan != content(plan, for: entry)
            }
    }

    mutating func advance() {
        guard !held else { return }
        arm()
        relax()
        let everyoneConfirmed = flow.members.allSatisfy(\.confirmed)
        // Invariant 1: every receiver has the new dialect, by its own tap's word, before anyone sends it.
        let holdersReady = flow.members.allSatisfy { $0.wanted.isEmpty || ($0.confirmed && $0.armed) }
        guard holdersReady, !flow.mixed else { return }
        if widen() { return }
        // Nobody turns to plain while someone may still drop it.
        let opens = flow.members.contains(where: \.endsPlain)
        guard !opens || (everyoneConfirmed && !flow.members.contains(where: \.enforcing)) else { return }
        if flip(.client) { return }
        guard flow.members.allSatisfy({ $0.confirmed || !$0.has(.client) }) else { return }
        if flip(.server) { return }
        guard everyoneConfirmed else { return }
        if flow.members.contains(where: { !$0.exact }) {
            if lasted(.deprecate) { narrow() }
            return
        }
        if deprecate() { return }
        // Invariant 2: no decoder goes before its senders have and the bound is over.
        guard drained else { return }
        revoke()
    }

    /// Takes back the steps for which the course's time has not come. Each guard above asks what taps have confirmed, never
    /// what this pass decides for others: so any part of a pass is as safe as the whole of it.
    mutating func withhold() {
        guard let course else { return }
        for (at, admitted) in course.admits(flow, next).enumerated() where !admitted { next[at] = flow.members[at] }
    }

    /// Takes back the steps for which there is no room, by place in the flow.
    mutating func withhold(_ crowded: [Int]) {
        self.crowded = crowded
        for at in crowded { next[at] = flow.members[at] }
    }

    /// The rotation to an edition that the flow has, in place of this one for which there is no room; nil: it has but one.
    func between() -> Rotation? {
        guard let between = flow.between else { return nil }
        return Rotation(
            flow: flow.coming(to: between), held: held, standing: shown, policy: policy, now: now, devices: devices,
            isBetween: true)
    }

    // MARK: Changes that need no leave

    /// Wanted modules are put where they are missing, at a part that understands and does not send.
    private mutating func arm() {
        for at in next.indices where !isAtHome(next[at]) {
            for plan in next[at].wanted {
                guard let place = next[at].place(plan.id) else {
                    next[at].entries.append(ModuleEntry(plan: plan, state: plan.underTest ? .deactivated : .standby))
                    turned = true
                    continue
                }
                var entry = next[at].entries[place]
                // A rollback comes back to what was deprecated: it has to attach to new sockets again.
                if entry.state == .deprecated || entry.state == .deactivated {
                    entry.state = plan.underTest ? .deactivated : .standby
                    turned = turned || !plan.underTest
                }
                if !plan.dropUnlessTagged { entry.enforcing = false }
                if entry.state != .active { entry.plan = content(plan, for: entry) }
                next[at].entries[place] = entry
            }
            next[at].compare()
        }
    }

    /// Arming would change nothing here.
    private func isAtHome(_ member: FlowMember) -> Bool {
        member.exact && member.armed
            && member.wanted.indices.allSatisfy { at in
                member.wanted[at].dropUnlessTagged
                    || !(member.place(member.wanted[at].id).map { member.entries[$0].enforcing } ?? false)
            }
    }

    /// Enforcement comes off as soon as a sender that is here is plain or will be. One that is away does not open the
    /// flow: what it sends was dropped before, and its agent is not here to change that.
    private mutating func relax() {
        guard flow.members.contains(where: { $0.fresh && $0.lettingPlainOut }) else { return }
        for at in next.indices {
            for place in next[at].entries.indices where next[at].entries[place].enforcing {
                next[at].entries[place].enforcing = false
            }
        }
    }

    // MARK: Changes under guard

    /// Sending modules get the sockets of peers that joined and, by now, understand.
    private mutating func widen() -> Bool {
        var changed = false
        for at in next.indices where widening(flow.members[at]) {
            for plan in next[at].wanted {
                guard let place = next[at].place(plan.id) else { continue }
                next[at].entries[place].plan = content(plan, for: next[at].entries[place])
            }
            next[at].compare()
            changed = true
        }
        turned = turned || changed
        return changed
    }

    /// The ends of this role send what they are to send in the end. What they sent until now steps back to standby in
    /// the same table, so exactly one module sends at any time, and a rollback can step forth again.
    private mutating func flip(_ role: ModulePlan.Role) -> Bool {
        var changed = false
        for at in next.indices where next[at].has(role) && !flow.members[at].atTarget(role) {
            let target = next[at].target(role)
            for place in next[at].entries.indices where next[at].entries[place].plan.role == role {
                if let target, next[at].entries[place].plan.id == next[at].wanted[target].id {
                    next[at].entries[place].state = .active
                    next[at].entries[place].plan = content(next[at].wanted[target], for: next[at].entries[place])
                } else if next[at].entries[place].state == .active {
                    next[at].entries[place].state = .standby
                }
            }
            next[at].compare()
            changed = true
        }
        turned = turned || changed
        return changed
    }

    /// Peers that left, and are silent for the bound, are taken from the sockets.
    private mutating func narrow() {
        for at in next.indices where !next[at].exact {
            for plan in next[at].wanted {
                guard let place = next[at].place(plan.id) else { continue }
                next[at].entries[place].plan = plan
            }
            next[at].compare()
        }
    }

    /// Nobody sends the old editions: they attach to nothing new. A device that enforced with an old module goes on with
    /// the new one: nothing plain was let in before, so nothing plain is under way.
    private mutating func deprecate() -> Bool {
        var changed = false
        for at in next.indices where !flow.members[at].leavingQuiet {
            for place in next[at].entries.indices {
                if next[at].isWanted(at: place) {
                    guard flow.members[at].enforcing, mayEnforce else { continue }
                    if next[at].entries[place].plan.dropUnlessTagged { next[at].entries[place].enforcing = true }
                } else if next[at].entries[place].state != .deactivated {
                    next[at].entries[place].state = .deprecated
                }
            }
            changed = true
        }
        return changed
    }

    private mutating func revoke() {
        for at in next.indices where next[at].hasLeaving || (mayEnforce && next[at].enforcementPending) {
            let member = next[at]
            next[at].entries = member.entries.indices.filter { member.isWanted(at: $0) }.map { member.entries[$0] }
            for place in next[at].entries.indices
            where next[at].entries[place].plan.dropUnlessTagged && mayEnforce {
                next[at].entries[place].enforcing = true
            }
        }
    }

    // MARK: Time

    /// Every sender of the flow is to speak the dialect.
    private let mayEnforce: Bool

    var enforcementPending: Bool { mayEnforce && next.contains(where: \.enforcementPending) }

    /// The flow was shown in this phase for the whole drain bound, by our own clock.
    func lasted(_ phase: RolloutPhase) -> Bool {
        guard let standing, standing.phase == phase, standing.since <= now else { return false }
        return now - standing.since >= policy.drainBound
    }

    /// Two clocks have to agree. Ours: the bound has passed since every tap confirmed that nobody sends (also the time
    /// that plain messages get before they are dropped). The device's own, against itself: nothing of the old dialect
    /// went through it for the bound. Clocks of two machines are never compared.
    private var drained: Bool {
        guard enforcementPending || flow.members.contains(where: \.leavingDrains) else { return true }
        return lasted(.drain) && flow.members.allSatisfy { drainHold($0) == nil }
    }

    /// What the course waits for when every device has confirmed; nil: for nothing. `member` is a place in the flow.
    var courseHold: (member: Int, reason: String)? {
        guard let course, !flow.members.isEmpty else { return nil }
        let state = course.state
        let member = course.waves.members[state.wave].first ?? 0
        if let halt = state.halt { return (member, Wording.halted(halt.reason)) }
        guard !held, let since = state.soaking else { return nil }
        let until = since + course.strategy.soak
        return (member, Wording.soaking(state.wave + 1, of: state.waves, until: until))
    }

    /// A tap that has no room for the edition wanted; nil: each has.
    var roomHold: (member: Int, reason: String)? {
        guard !held, let first = crowded.first else { return nil }
        return (first, Wording.crowded(rulesMax: policy.rulesMax))
    }

    /// Why this device still needs a module that is to go; nil: it does not.
    func drainHold(_ member: FlowMember) -> String? {
        guard let report = devices[member.device].snapshot.report else { return nil }
        for at in member.entries.indices where member.entries[at].state != .deactivated && !member.isWanted(at: at) {
            let epoch = member.entries[at].plan.epoch
            guard let module = report.module(member.entries[at].plan.id) else { continue }
            if module.streamsInDialect > 0 { return Wording.streams(module.streamsInDialect, epoch) }
            // A device that leaves an edition which lives on may go on hearing it: only what it sends counts.
            let last = epoch == flow.epoch ? module.sentAt : max(module.sentAt, module.receivedAt)
            guard last != .never else { continue }
            // Negative: its clock was set back, and says nothing. Ours decides then.
            let quiet = report.takenAt - last
            if quiet >= .zero, quiet < policy.drainBound {
                return Wording.quiet(since: last, bound: policy.drainBound, epoch)
            }
        }
        return nil
    }
}
