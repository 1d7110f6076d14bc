import Agent
import ControlChannel
import L45Model
import Orchestrator
import Reconciler

/// The orchestrator's process, and the operator before it.
extension Simulation {
    var isUnsettled: Bool { orchestrator?.fleet.statuses.values.contains { $0.phase != .settled } ?? true }

    func passSoon() {
        guard !isPassDue else { return }
        isPassDue = true
        queue.put(.pass, at: elapsed + setup.passEvery)
    }

    /// One pass; the process may die before any of its effects.
    func pass() throws {
        guard orchestrator != nil else { return }
        for id in orchestrator?.flush(&store, now: now) ?? [] {
            send(.welcome(id, reportEvery: .seconds(5)), to: id)
        }
        let effects = try orchestrator?.decide(&store, now: now) ?? []
        var moved = false
        for effect in effects {
            if isDeathDue() || strikes(setup.chaos.deathPerEffect * 4) {
                killOrchestrator("between two effects of a pass")
                return
            }
            switch effect {
            case .storeStatuses(let statuses, let forgotten):
                moved = true
                for status in statuses { show(status) }
                for flow in forgotten { store.statuses[flow] = nil }
            case .storeTables(let tables):
                for table in tables {
                    report.decided += 1
                    if let old = store.tables[table.device], old.generation >= table.generation {
                        violate("\(table.device): generation \(table.generation) decided after \(old.generation)")
                    }
                    store.tables[table.device] = table
                    say("\(table.device): generation \(table.generation) decided: \(states(of: table))")
                }
            case .send(let device, let table):
                checkSending(device, table.generation)
                send(.set(table), to: device)
            case .ask(let device): send(.reportWanted, to: device)
            }
            orchestrator?.done(effect, now: now)
        }
        if moved { passSoon() }
    }

    private func show(_ status: RolloutStatus) {
        if store.statuses[status.flow]?.phase != status.phase {
            say("\(status.flow): edition \(status.epoch?.description ?? "none"), \(status.phase.rawValue)")
        }
        store.statuses[status.flow] = status
        guard status.phase == .settled, let epoch = status.epoch, settledEpoch[status.flow] != epoch else { return }
        settledEpoch[status.flow] = epoch
        report.rotationsDone += 1
    }

    private func states(of table: DeviceTable) -> String {
        table.modules.map { "\($0.plan.epoch) \($0.state.rawValue)" }.joined(separator: ", ")
    }

    func killOrchestrator(_ when: String) {
        guard orchestrator != nil else { return }
        report.deaths += 1
        say("the orchestrator dies \(when)")
        orchestrator = nil
        for id in clients + servers where devices[id]?.connection != nil {
            lose(id)
            inform(id, .disconnected)
            if let token = devices[id]?.wakeToken { queue.put(.connect(id, token: token), at: delay(6_000)) }
        }
        queue.put(.startOrchestrator, at: delay(8_000))
    }

    func startOrchestrator() throws {
        guard orchestrator == nil else { return }
        say("the orchestrator starts")
        orchestrator = try SimulatedOrchestrator(
            store, rootSecret: rootSecret, policy: setup.policy, now: now)
        passSoon()
    }

    /// Nothing is done twice: an unconfirmed table is sent again, but not before its time.
    private func checkSending(_ id: DeviceID, _ generation: Generation) {
        report.sent += 1
        guard let connection = orchestrator?.sessions[id] else { return }
        if let last = lastSent[id], last.connection == connection, last.generation == generation,
            elapsed - last.at < SimulationSetup.policy.resendAfter.milliseconds
        {
            violate("\(id): generation \(generation) sent again after \(elapsed - last.at) ms")
        }
        lastSent[id] = (connection, generation, elapsed)
    }

    // MARK: The operator

    func act() throws {
        if setup.trial != nil { return try actInTrial() }
        guard !operatorIsDone else { return }
        defer { queue.put(.act, at: delay(setup.operatorEvery)) }
        guard var acting = orchestrator else { return }
        hasBegun = true
        let names = setup.intentNames
        if let missing = names.indices.first(where: { acting.book.records[names[$0]] == nil }) {
            say("operator: apply \(names[missing])")
            let reading = try ReadSources.read(setup.source(missing))
            do { try acting.apply(reading, &store, now: now) } catch {
                // No client or no server is there yet.
                return say("refused: \(error)")
            }
            orchestrator = acting
            passSoon()
            return
        }
        if setup.levels, acting.book.standing == nil {
            say("operator: apply the posture")
            try acting.apply(ReadSources.read(setup.postureSource), &store, now: now)
            orchestrator = acting
            passSoon()
            return
        }
        if report.rotationsAsked >= setup.rotations, !isUnsettled || (setup.death == nil && random.once(in: 4)) {
            operatorIsDone = true
            return
        }
        if report.rotationsAsked >= setup.rotations, setup.chaos == .none { return }
        if setup.levels, random.once(in: 2), changeLevel(&acting) {
            orchestrator = acting
            passSoon()
            return
        }
        guard let name = names.randomElement(using: &random), let known = acting.book.records[name] else { return }
        try decide(known, &acting)
        orchestrator = acting
        passSoon()
    }

    /// At any time, also in the middle of a rotation or of another change of level.
    private func changeLevel(_ acting: inout SimulatedOrchestrator) -> Bool {
        guard let present = acting.book.standing?.level,
            let level = SimulationSetup.levelNames.filter({ $0 != present }).randomElement(using: &random)
        else { return false }
        say("operator: level \(level) after \(present)")
        report.rotationsAsked += 1
        report.levelsAsked += 1
        acting.setLevel(level, &store, now: now)
        return true
    }

    private func decide(_ known: IntentRecord, _ acting: inout SimulatedOrchestrator) throws {
        let name = known.name
        if known.paused {
            say("operator: resume \(name)")
            return try acting.pause(name, false, &store, now: now)
        }
        let isSettled = acting.fleet.isSettled(name)
        // Now and then in the middle of a rollout, too.
        if !isSettled, chaosReigns, setup.chaos == .none || !random.once(in: 5) { return }
        if setup.chaos != .none {
            // The posture names it: to withdraw it is refused.
            if !setup.levels, random.once(in: 12) {
                say("operator: delete \(name)")
                return try acting.delete(name, &store, now: now)
            }
            if random.once(in: 10) {
                say("operator: pause \(name)")
                return try acting.pause(name, true, &store, now: now)
            }
            if known.epoch.rawValue > 1, random.once(in: 6) {
                let epoch = Epoch(known.epoch.rawValue - 1)
                say("operator: undo \(name), to edition \(epoch)")
                report.rotationsAsked += 1
                return try acting.undo(name, to: epoch, &store, now: now)
            }
        }
        report.rotationsAsked += 1
        say("operator: rotate \(name)")
        try acting.rotate(name, &store, now: now)
    }
}
