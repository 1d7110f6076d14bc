import Agent
import KernelTap
import L45Model
import Orchestrator
import Reconciler

/// What must hold whenever a tap has changed, and in the end.
extension Simulation {
    func violate(_ text: String) {
        say("VIOLATION: \(text)")
        report.violate("seed \(setup.seed), at \(elapsed) ms: \(text)")
    }

    /// After an agent has worked.
    func look(at id: DeviceID, before: Generation) {
        guard var device = devices[id] else { return }
        let published = device.tap.published
        if published < before { violate("\(id): the tap went from generation \(before) back to \(published)") }
        let held = device.disk.ledger?.table.generation ?? .none
        if published > held { violate("\(id): the tap has generation \(published), the ledger \(held)") }
        if device.isDark, published == held {
            device.isDark = false
            say("\(id): its services start")
        }
        if device.isBereft, !device.tap.isMaimed { device.isBereft = false }
        devices[id] = device
        guard published > before else { return }
        report.published += 1
        say("\(id): generation \(published) in force")
        if setup.trial != nil { return lookAtTrial(id) }
        checkSenders(id)
    }

    /// Make before break, on the taps themselves: whoever sends an edition has peers that understand it. Only what this
    /// device sends, and what is sent to it, can have changed.
    private func checkSenders(_ changed: DeviceID) {
        guard !isLenient, let tap = shown(changed) else { return }
        let senders = tap.entries.filter(\.isSending)
        var flows: Set<FlowName> = []
        for entry in senders where !flows.insert(entry.plan.flow).inserted {
            violate("\(changed) has two modules that send in one flow")
        }
        for peer in clients.contains(changed) ? servers : clients {
            guard let other = shown(peer) else { continue }
            check(changed, senders, peer, other.understood)
            check(peer, other.entries.filter(\.isSending), changed, tap.understood)
        }
    }

    /// A device's tap; nil: nobody uses it, or an excuse holds.
    private func shown(_ id: DeviceID) -> DialectTap? {
        guard let device = devices[id], !device.isDark, !device.isBereft else { return nil }
        return device.tap
    }

    private func check(
        _ id: DeviceID, _ senders: [ModuleEntry], _ peer: DeviceID, _ understood: Set<DialectEdition>
    ) {
        guard let address = devices[peer]?.address else { return }
        for entry in senders where !understood.contains(DialectEdition(entry.plan)) {
            let remotes = entry.plan.tapSocket.remotes
            guard remotes.isEmpty || remotes.contains(where: { $0.block == address }) else { continue }
            violate("\(id) sends edition \(entry.plan.epoch), which \(peer) does not understand")
        }
    }

    // MARK: The end

    /// Longest that a fleet may take to come to rest once nothing fails any more: five minutes.
    static let settleMax: Int64 = 300_000

    /// Nothing fails any more: the fleet has to come to rest as the plans say, and then do nothing.
    func settle() throws {
        say("nothing fails any more")
        chaosReigns = false
        for id in clients + servers { mend(id) }
        twin = nil
        if var acting = orchestrator {
            for record in acting.book.records.values where record.paused {
                try acting.pause(record.name, false, &store, now: now)
            }
            orchestrator = acting
        }
        let most = max(Self.settleMax, 4 * setup.policy.drainBound.milliseconds)
        let deadline = elapsed + most
        while elapsed < deadline, !isAtRest, report.violations.isEmpty { try step() }
        guard isAtRest else {
            if report.violations.isEmpty { violate("not at rest after \(most) ms: \(whatIsLeft)") }
            return
        }
        isLenient = false
        let decided = report.decided
        let published = report.published
        let quiet = elapsed + 30_000
        while elapsed < quiet, report.violations.isEmpty { try step() }
        if report.decided != decided || report.published != published {
            violate("at rest, and yet \(report.decided - decided) tables were decided")
        }
    }

    var isAtRest: Bool {
        guard let fleet = orchestrator?.fleet, fleet.statuses.values.allSatisfy({ $0.phase == .settled }) else {
            return false
        }
        return (clients + servers).allSatisfy { id in
            guard let device = devices[id], !device.isDark, !device.isBereft, device.connection != nil else {
                return false
            }
            // A trial's intents may enforce, or be under test.
            if setup.trial != nil { return device.tap.entries.map(\.plan) == (store.plans[id]?.modules ?? []) }
            return device.tap.entries
                == (store.plans[id]?.modules ?? []).map { plan in
                    ModuleEntry(
                        plan: plan, state: fleet.resting.contains(plan.intent) ? .standby : .active, enforcing: false)
                }
        }
    }

    private var whatIsLeft: String {
        guard let fleet = orchestrator?.fleet else { return "no orchestrator" }
        return fleet.statuses.values.map { status in
            "\(status.flow) \(status.phase.rawValue) "
                + status.waiting.map { "\($0.device): \($0.reason)" }.joined(separator: "; ")
        }.sorted().joined(separator: " | ")
    }
}

extension ModuleEntry {
    var isSending: Bool { state == .active && plan.sends }
}
