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
        queue.put(.pass, at: elapsed + 20)
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
            if strikes(setup.chaos.deathPerEffect * 4) {
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
            case .send(let device, let table): send(.set(table), to: device)
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
            store, rootSecret: rootSecret, policy: SimulationSetup.policy, now: now)
        passSoon()
    }

    // MARK: The operator

    static let intent = IntentName("dns")
    private static let source = """
        name: dns
        clients: {role: client}
        servers: {role: server}
        intent:
          - tag dig DNS
        """

    func act() throws {
        guard !operatorIsDone else { return }
        defer { queue.put(.act, at: delay(9_000)) }
        guard var acting = orchestrator else { return }
        let known = acting.book.records[Self.intent]
        let isSettled = !isUnsettled && known != nil
        if report.rotationsAsked >= setup.rotations, known != nil, isSettled || random.once(in: 4) {
            operatorIsDone = true
            return
        }
        guard let known else {
            say("operator: apply")
            do { try acting.apply(Self.source, &store, now: now) } catch {
                // No client or no server is there yet.
                return say("refused: \(error)")
            }
            orchestrator = acting
            passSoon()
            return
        }
        if known.paused {
            say("operator: resume")
            try acting.pause(Self.intent, false, &store, now: now)
        } else if !isSettled, chaosReigns, !random.once(in: 5) {
            return
        } else if setup.chaos != .none, random.once(in: 12) {
            say("operator: delete")
            try acting.delete(Self.intent, &store, now: now)
        } else if setup.chaos != .none, random.once(in: 10) {
            say("operator: pause")
            try acting.pause(Self.intent, true, &store, now: now)
        } else if known.epoch.rawValue > 1, setup.chaos != .none, random.once(in: 6) {
            let epoch = Epoch(known.epoch.rawValue - 1)
            say("operator: undo, to edition \(epoch)")
            report.rotationsAsked += 1
            try acting.undo(Self.intent, to: epoch, &store, now: now)
        } else {
            report.rotationsAsked += 1
            say("operator: rotate")
            try acting.rotate(Self.intent, &store, now: now)
        }
        orchestrator = acting
        passSoon()
    }
}
