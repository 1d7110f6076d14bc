import Agent
import ControlChannel
import KernelTap
import L45Model

/// Agents, their processes and their lines.
extension Simulation {
    func startAgent(_ id: DeviceID) {
        guard var device = devices[id] else { return }
        device.startAgent(at: now)
        devices[id] = device
        say("\(id): agent starts, ledger at \(device.disk.ledger?.table.generation ?? .none)")
        work(id)
        if let token = devices[id]?.wakeToken { queue.put(.connect(id, token: token), at: delay(1_500)) }
    }

    /// Gives the agent an input, and has it do what it decides.
    func inform(_ id: DeviceID, _ input: AgentInput) {
        guard let device = devices[id], device.agent != nil else { return }
        devices[id]?.agent?.decide(input, now: device.clock(now))
        work(id)
    }

    /// Carries out one effect after the other; the process may die before any of them.
    private func work(_ id: DeviceID) {
        let before = devices[id]?.tap.published ?? .none
        effects: while let device = devices[id], device.agent != nil {
            let ledgerBefore = device.disk.stores
            if device.agent?.isIdle ?? true { break }
            if isDeathDue() {
                if setup.death?.isPowerLoss ?? false { reboot(id) } else { killAgent(id, "before this effect") }
                return
            }
            if strikes(setup.chaos.deathPerEffect * 40) || (device.agent?.machine.ledger != nil && dies(id)) { return }
            guard let step = devices[id]?.agent?.step(now: device.clock(now)) else { return }
            switch step {
            case .idle: break effects
            case .done: break
            case .send(let message): send(message, from: id)
            }
            // Between ledger and tap is the instant that matters most.
            if device.disk.stores != ledgerBefore, strikes(setup.chaos.deathPerEffect / 4) {
                killAgent(id, "between ledger and tap")
                return
            }
        }
        look(at: id, before: before)
        plan(id)
    }

    private func dies(_ id: DeviceID) -> Bool {
        guard strikes(setup.chaos.deathPerEffect * 20) else { return false }
        killAgent(id, "between two effects")
        return true
    }

    private func plan(_ id: DeviceID) {
        guard let device = devices[id], let wakeAt = device.agent?.machine.wakeAt else { return }
        // The machine speaks of its own clock.
        let due = max(elapsed + 20, wakeAt.rawValue - device.clockOff - Self.base.rawValue)
        // One that is planned earlier wakes it as well, and plans the next.
        if let planned = device.wakePlanned, planned > elapsed, planned <= due { return }
        devices[id]?.wakePlanned = due
        queue.put(.wake(id, token: device.wakeToken), at: due)
    }

    func killAgent(_ id: DeviceID, _ when: String) {
        report.deaths += 1
        say("\(id): agent dies \(when)")
        lose(id)
        devices[id]?.killAgent()
        if let token = devices[id]?.wakeToken { queue.put(.startAgent(id, token: token), at: delay(8_000)) }
    }

    // MARK: The line

    func connect(_ id: DeviceID, _ token: Int) {
        guard let device = devices[id], device.wakeToken == token, device.connection == nil, let agent = device.agent
        else { return }
        guard orchestrator != nil else {
            queue.put(.connect(id, token: token), at: delay(4_000))
            return
        }
        connections += 1
        devices[id]?.connection = connections
        let hello = agent.machine.hello
        let at = delay(setup.controlDelayMax)
        lastUp[connections] = at
        queue.put(.hello(id, connection: connections, hello), at: at)
    }

    private func send(_ message: AgentMessage, from id: DeviceID) {
        guard let connection = devices[id]?.connection else { return }
        if case .report = message, strikes(setup.chaos.reportLossOdds) { return }
        let at = max(delay(setup.controlDelayMax), lastUp[connection] ?? 0)
        lastUp[connection] = at
        queue.put(.up(id, connection: connection, message), at: at)
    }

    func send(_ message: OrchestratorMessage, to id: DeviceID) {
        guard let connection = orchestrator?.sessions[id] else { return }
        let at = max(delay(setup.controlDelayMax), lastDown[connection] ?? 0)
        lastDown[connection] = at
        queue.put(.down(id, connection: connection, message), at: at)
    }

    func arrive(_ message: OrchestratorMessage, at id: DeviceID, _ connection: Int) {
        guard let device = devices[id], device.connection == connection, device.agent != nil else { return }
        if case .welcome = message { inform(id, .connected) }
        guard devices[id]?.connection == connection, let input = devices[id]?.agent?.input(message) else { return }
        if case .set(let table) = message { say("\(id): told generation \(table.generation)") }
        inform(id, input)
    }

    /// The line is gone. Each end notices in its own time; until then it is half open.
    func lose(_ id: DeviceID) {
        guard let connection = devices[id]?.connection else { return }
        devices[id]?.connection = nil
        lastUp[connection] = nil
        lastDown[connection] = nil
        queue.put(.noticed(id, connection: connection), at: delay(6_000))
    }

    func cut(_ id: DeviceID) {
        guard let device = devices[id], device.connection != nil else { return }
        report.cuts += 1
        say("\(id): line cut")
        lose(id)
        inform(id, .disconnected)
        if let token = devices[id]?.wakeToken { queue.put(.connect(id, token: token), at: delay(6_000)) }
    }
}
