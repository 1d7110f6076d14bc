import L45Model
import Orchestrator

/// A fleet's double: set up as it is in force, then changed.
extension Simulation {
    /// - Parameter isLate: whether this machine's time is up; asked now and then.
    /// - Returns: whether the story was told to its end.
    func runTrial(isLate: () -> Bool) throws -> Bool {
        var count = 0
        while !operatorIsDone {
            try step()
            guard report.violations.isEmpty else { return true }
            count += 1
            if count % 256 == 0, isLate() { return false }
        }
        guard trial.stage == .over else { return true }
        // The end of a story is told also when it is late: it is short, and it is where violations are found.
        try settle()
        report.virtualTime = .milliseconds(elapsed)
        return true
    }

    func beginTrial() {
        chaosReigns = false
        for at in setup.trial?.talks.indices ?? 0..<0 { queue.put(.converse(at), at: delay(pace)) }
    }

    /// With many pairs each speaks more seldom, so that a story costs the same.
    private var pace: Int64 { 1_600 * Int64(max(1, (setup.trial?.talks.count ?? 0) / 24)) }

    func converse(_ at: Int) {
        guard let talk = setup.trial?.talks[at] else { return }
        queue.put(.converse(at), at: delay(talk.isStream ? 3 * pace : pace))
        let isHeard =
            switch trial.stage {
            case .gathering, .before: talk.isHeardBefore
            case .changing: talk.isHeardBefore && talk.isHeardAfter
            case .over: talk.isHeardAfter
            }
        guard isHeard else { return }
        if talk.isStream {
            openStream(talk.client, talk.server, port: talk.port)
        } else {
            send(bytes(atMost: 96), from: talk.client, to: talk.server, port: talk.port, isAnswer: false)
        }
    }

    // MARK: the operator

    func actInTrial() throws {
        guard !operatorIsDone else { return }
        defer { queue.put(.act, at: elapsed + 500) }
        guard elapsed - trial.changedAt <= FleetTrial.virtualMax else { return operatorIsDone = true }
        guard var acting = orchestrator, let plan = setup.trial else { return }
        switch trial.stage {
        case .gathering:
            guard acting.sessions.count == clients.count, acting.fleet.devices.count == clients.count else { return }
            say("operator: apply what is in force")
            try acting.change(plan.before, removing: [], mustFit: false, &store, now: now)
            trial.stage = .before
        case .before:
            guard isAtRest else { return }
            let old = editions
            do {
                try acting.change(plan.after, removing: plan.removed, mustFit: true, &store, now: now)
            } catch let failure as APIFailure {
                throw FleetTrial.Fault(
                    description: "the change does not fit the \(plan.devices) devices that it is tried on: "
                        + ([failure.message] + failure.diagnostics.prefix(1)).joined(separator: "\n"))
            }
            say("operator: make the change")
            trial.stage = .changing
            trial.changedAt = elapsed
            let new = editions
            trial.rotations = Set(old.keys).union(new.keys).count { old[$0] != new[$0] }
            report.rotationsAsked = trial.rotations
            hasBegun = true
            chaosReigns = true
            for id in clients { lookAtTrial(id) }
        case .changing:
            guard isAtRest else { return }
            trial.settledAt = elapsed
            report.rotationsDone = trial.rotations
            trial.stage = .over
            operatorIsDone = true
        case .over: break
        }
        orchestrator = acting
        passSoon()
    }

    /// What the plans want.
    private var editions: [FlowName: Epoch] {
        var editions: [FlowName: Epoch] = [:]
        for plan in store.plans.values { for module in plan.modules { editions[module.flow] = module.epoch } }
        return editions
    }

    // MARK: the taps

    /// After a tap has changed: make before break between each two that talk, and which editions are spoken.
    func lookAtTrial(_ id: DeviceID) {
        guard let plan = setup.trial, let entries = entriesInUse(id) else { return }
        var sending: Set<FlowName> = []
        for entry in entries where entry.isSending && entry.plan.dialect != .monitor {
            if !sending.insert(entry.plan.flow).inserted { violate("\(id) has two modules that send in one flow") }
        }
        var flows: Set<FlowName> = []
        for talk in plan.talks where talk.client == id || talk.server == id {
            flows.insert(talk.flow)
            checkPair(talk)
        }
        guard trial.stage == .changing else { return }
        for flow in flows.sorted() { weigh(flow) }
    }

    /// nil: nobody uses its tap.
    private func entriesInUse(_ id: DeviceID) -> [ModuleEntry]? {
        guard let device = devices[id], !device.isDark else { return nil }
        return device.tap.entries
    }

    private func checkPair(_ talk: FleetTrial.Plan.Talk) {
        guard let mine = entriesInUse(talk.client), let theirs = entriesInUse(talk.server),
            let address = devices[talk.server]?.address
        else { return }
        for entry in mine where entry.isSending && entry.plan.flow == talk.flow && entry.plan.role == .client {
            guard entry.plan.tapSocket.remotes.contains(where: { $0.block?.contains(address) ?? true }) else {
                continue
            }
            let understands = theirs.contains {
                $0.plan.flow == talk.flow && $0.plan.epoch == entry.plan.epoch && $0.plan.role == .server
                    && $0.state != .deactivated && $0.plan.dialectSecret == entry.plan.dialectSecret
            }
            if !understands {
                violate(
                    "\(talk.client) sends edition \(entry.plan.epoch) of \(talk.flow), which \(talk.server) does not understand"
                )
            }
        }
    }

    /// Whether two ends of a flow speak different editions now; plain counts as one.
    private func weigh(_ flow: FlowName) {
        var spoken: Set<Epoch?> = []
        for talk in setup.trial?.talks ?? [] where talk.flow == flow {
            for (id, role) in [(talk.client, ModulePlan.Role.client), (talk.server, .server)] {
                guard let entries = entriesInUse(id) else { continue }
                let own = entries.filter { $0.plan.flow == flow && $0.plan.role == role }
                // An end that never sends the dialect speaks no edition of it.
                if !own.isEmpty, !own.contains(where: \.plan.sends) { continue }
                spoken.insert(own.first(where: \.isSending)?.plan.epoch)
            }
        }
        if spoken.count > 1 {
            if trial.mixed.isEmpty { trial.deliveredMixed -= report.delivered }
            if trial.mixed[flow] == nil { trial.mixed[flow] = (elapsed, report.delivered) }
            return
        }
        guard let window = trial.mixed.removeValue(forKey: flow) else { return }
        if trial.mixed.isEmpty { trial.deliveredMixed += report.delivered }
        trial.windows += 1
        let length = elapsed - window.since
        if length > trial.worst?.milliseconds ?? -1 { trial.worst = (length, flow) }
    }
}
