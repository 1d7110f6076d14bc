import L45Model

/// How far a rollout with a strategy may go in this pass. It only ever takes steps away from what the rotation decides, so
/// that what is proved of the rotation holds with it and without it.
struct Course {
    let strategy: RolloutStrategy
    let waves: Waves
    private(set) var state: RolloutCourse

    /// - Parameter standing: of the edition wanted.
    /// - Parameter held: paused or braked.
    /// - Returns: nil when there is nothing to steer: no strategy, no edition wanted, or it has arrived.
    init?(
        _ flow: Flow, strategy: RolloutStrategy?, standing: RolloutStatus?, held: Bool, devices: [DeviceStanding],
        now: Timestamp
    ) {
        guard let strategy, flow.epoch != nil, !flow.members.isEmpty, !flow.resting else { return nil }
        // What every device understood at standby goes to all of them at once.
        if let standing, standing.course == nil, standing.phase == .settled || standing.rest != nil { return nil }
        self.strategy = strategy
        waves = Waves(strategy, flow, devices)
        var state = standing?.course ?? RolloutCourse(began: now, waves: waves.count)
        state.waves = waves.count
        state.wave = min(state.wave, waves.count - 1)
        if standing?.course == nil { Self.catchUp(&state, waves, flow) }
        self.state = state
        hold(held, now)
        guard !held, self.state.halt == nil else { return }
        self.state.halt = overBudget(flow, devices, now) ?? overDue(flow, now)
        guard self.state.halt == nil else { return }
        goOn(flow, devices, now)
    }

    var halted: Bool { state.halt != nil }

    // MARK: Time

    /// A course that was lost goes on where the devices are, after one soak more.
    private static func catchUp(_ state: inout RolloutCourse, _ waves: Waves, _ flow: Flow) {
        let first = (0..<waves.count).first { !waves.isTold($0, flow) } ?? waves.count - 1
        guard (0..<first).contains(where: { !waves.members[$0].isEmpty }) else { return }
        state.wave = first - 1
        state.moved = true
    }

    /// Time under a hold counts neither for the deadline nor for a soak.
    private mutating func hold(_ held: Bool, _ now: Timestamp) {
        if held {
            if state.held == nil { state.held = now }
            return
        }
        if let since = state.held {
            let span = max(.zero, now - since)
            state.began = state.began + span
            state.soaking = state.soaking.map { $0 + span }
            state.held = nil
        }
        // Our clock was set back.
        state.began = min(state.began, now)
        state.soaking = state.soaking.map { min($0, now) }
    }

    private mutating func goOn(_ flow: Flow, _ devices: [DeviceStanding], _ now: Timestamp) {
        while true {
            guard waves.isDone(state.wave, flow) else {
                // One that reconnects meanwhile does not begin the soak anew; it is judged with the others at its end.
                if !waves.isTold(state.wave, flow) {
                    state.moved = true
                    state.soaking = nil
                }
                return
            }
            guard state.wave < waves.count - 1 else { return }
            if state.moved, strategy.soak > .zero {
                let since = state.soaking ?? now
                state.soaking = since
                let until = since + strategy.soak
                // Judged by what both ends reported after the soak, not by what they said during it.
                let heard = flow.members.allSatisfy { member in
                    devices[member.device].snapshot.heardAt.map { $0 >= until } ?? false
                }
                guard now >= until, heard else { return }
            }
            state.wave += 1
            state.moved = false
            state.soaking = nil
        }
    }

    private func overDue(_ flow: Flow, _ now: Timestamp) -> RolloutCourse.Halt? {
        guard let deadline = strategy.deadline, now - state.began >= deadline else { return nil }
        let laggards = flow.members.count { !$0.confirmed }
        return RolloutCourse.Halt(
            cause: .deadline, reason: Wording.overDue(deadline, since: state.began, laggards: laggards), at: now)
    }

    // MARK: Errors

    /// What the taps count against the edition wanted, by device, less what was forgiven. The edition that is in force
    /// counts for nothing, so that a bad one can be left.
    static func tallies(
        _ flow: Flow, _ devices: [DeviceStanding], forgiven: [RolloutCourse.Forgiven]
    ) -> [(device: DeviceStanding, tally: RolloutCourse.Tally)] {
        let replaces = flow.members.contains(where: \.hasLeaving)
        let pardons = Dictionary(forgiven.map { ($0.device, $0.tally) }, uniquingKeysWith: { first, _ in first })
        return flow.members.compactMap { member in
            let device = devices[member.device]
            guard let report = device.snapshot.report else { return nil }
            var tally = RolloutCourse.Tally()
            for plan in member.wanted {
                guard let counts = report.module(plan.id)?.statistics else { continue }
                tally.undecoded &+= counts.forged
                tally.dropped &+= counts.dropped
                if replaces { tally.plain &+= counts.passedPlain }
            }
            let pardon = pardons[device.id] ?? RolloutCourse.Tally()
            tally.undecoded = Self.grown(tally.undecoded, pardon.undecoded)
            tally.dropped = Self.grown(tally.dropped, pardon.dropped)
            tally.plain = Self.grown(tally.plain, pardon.plain)
            return (device, tally)
        }
    }

    /// A counter below its mark began anew, as after a reboot.
    private static func grown(_ count: UInt64, _ mark: UInt64) -> UInt64 { count >= mark ? count - mark : count }

    private func overBudget(
        _ flow: Flow, _ devices: [DeviceStanding], _ now: Timestamp
    ) -> RolloutCourse.Halt? {
        guard strategy.budget != .unlimited else { return nil }
        let tallies = Self.tallies(flow, devices, forgiven: state.forgiven)
        for kind in RolloutStrategy.Budget.Kind.allCases {
            guard let limit = strategy.budget[kind] else { continue }
            let worst = tallies.filter { $0.tally[kind] > 0 }
                .sorted { $0.tally[kind] > $1.tally[kind] }
            let total = worst.reduce(UInt64(0)) { $0 &+ $1.tally[kind] }
            guard total >= limit else { continue }
            let places = worst.map { ($0.device.snapshot.device.facts.name, $0.tally[kind]) }
            return RolloutCourse.Halt(
                cause: .errorBudget,
                reason: Wording.overBudget(total, kind.rawValue, limit: limit, epoch: flow.epoch, at: places), at: now)
        }
        return nil
    }

    // MARK: The gate

    /// The members whose next step may be taken now.
    func admits(_ flow: Flow, _ next: [FlowMember]) -> [Bool] {
        let clients = waves.admitted(.client, upTo: state.wave)
        let servers = waves.admitted(.server, upTo: state.wave)
        var admitted = next.indices.map { at in
            !Self.begins(.client, flow.members[at], next[at], clients.contains(at))
                && !Self.begins(.server, flow.members[at], next[at], servers.contains(at))
        }
        guard let share = strategy.maxUnavailable else { return admitted }
        // One that is away or unconfirmed is unavailable whatever it is told; to change it costs nothing.
        var left = share.devices(of: flow.members.count) - flow.members.count { !$0.confirmed }
        // Enforcement begins last: while a leaver still has a module to lose, it may let plain messages out.
        let order = waves.members.flatMap { $0 } + next.indices
        let enforcers = Set(order).filter { !flow.members[$0].enforcing && next[$0].enforcing }
        var othersWait = false
        var seen: Set<Int> = []
        for at in order.filter({ !enforcers.contains($0) }) + enforcers.sorted() where seen.insert(at).inserted {
            guard admitted[at], flow.members[at].entries != next[at].entries else { continue }
            let begins = enforcers.contains(at)
            if begins, othersWait {
                admitted[at] = false
                continue
            }
            // To stop dropping is never put off.
            if !flow.members[at].confirmed || (flow.members[at].enforcing && !next[at].enforcing) { continue }
            if left > 0 {
                left -= 1
            } else {
                admitted[at] = false
                othersWait = othersWait || !begins
            }
        }
        return admitted
    }

    /// The step makes this end send the edition wanted, and its wave has not come.
    private static func begins(
        _ role: ModulePlan.Role, _ old: FlowMember, _ new: FlowMember, _ isAdmitted: Bool
    ) -> Bool {
        !isAdmitted && new.target(role) != nil && !old.atTarget(role) && new.atTarget(role)
    }
}
