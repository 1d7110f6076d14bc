import ControlChannel
import KernelTap
import L45Model

/// The tap: giving it the ledger's table, and saying what it says.
extension AgentMachine {
    /// The tap lacks what the ledger has: a crash between the two, a reboot, a folder that was removed.
    var needsPublishing: Bool {
        guard let ledger, let reading else { return false }
        return hasPublished
            ? reading.published < ledger.table.generation : reading.published <= ledger.table.generation
    }

    mutating func published(_ generation: Generation, now: Timestamp) -> [AgentOutput] {
        guard let table = ledger?.table, table.generation == generation else { return [] }
        var outputs: [AgentOutput] = []
        if let enforced {
            for (id, operation) in ModuleOperation.between(enforced, table.modules) {
                let entry = table.entry(id) ?? enforced.first { $0.plan.id == id }
                outputs += note(event(operation, id, entry?.plan, generation, now: now))
            }
        } else if let reading, reading.published < generation {
            outputs += note(
                Event(
                    at: now, subject: subject, message: "table put in force again",
                    facts: [
                        "generation": "\(generation)", "modules": "\(table.modules.count)",
                        "tapGeneration": "\(reading.published)",
                    ]))
        }
        enforced = table.modules
        hasPublished = true
        publishProblem = nil
        republishDelay = Self.retryMin
        settling = Settling(generation, now: now)
        return outputs + [.readTap]
    }

    mutating func publishFailed(_ generation: Generation, _ reason: String, now: Timestamp) -> [AgentOutput] {
        let isNews = publishProblem != reason
        publishProblem = reason
        isReportDue = true
        republishAt = now + republishDelay
        republishDelay = min(.milliseconds(republishDelay.milliseconds * 2), Self.retryMax)
        guard isNews else { return [.readTap] }
        let event = Event(
            at: now, severity: .alert, subject: subject, message: "table not put in force",
            facts: ["generation": "\(generation)", "reason": reason])
        return note(event) + [.readTap]
    }

    mutating func read(_ reading: TapReading, now: Timestamp) -> [AgentOutput] {
        self.reading = reading
        readProblem = nil
        // A tap that never had a table, or has lost it, runs no module.
        if reading.published == .none { enforced = [] }
        if needsPublishing, now >= republishAt, let ledger {
            // If this one does not help, the next is not due at once.
            republishAt = now + republishDelay
            return [.publish(ledger.table)]
        }
        if var settling {
            if reading.inForce >= settling.generation {
                self.settling = nil
                isReportDue = true
            } else {
                settling.asked(now: now)
                self.settling = settling
            }
        }
        // Changed by another hand than ours, or by the tap's own doing: that is told at once.
        if settling == nil, let reported, reported != Reported(reading) { isReportDue = true }
        guard isReportDue, isConnected else { return [] }
        isReportDue = false
        reported = Reported(reading)
        readAt = now + reportEvery
        return [.send(.report(report(reading, now: now)))]
    }

    mutating func readFailed(_ reason: String, now: Timestamp) -> [AgentOutput] {
        settling?.asked(now: now)
        republishAt = max(republishAt, now + Self.retryMin)
        readAt = min(readAt, now + Self.retryMin)
        guard readProblem != reason else { return [] }
        readProblem = reason
        return note(
            Event(
                at: now, severity: .alert, subject: subject, message: "tap can not be read", facts: ["reason": reason]))
    }

    private func report(_ reading: TapReading, now: Timestamp) -> DeviceReport {
        DeviceReport(
            device: identity.device, takenAt: now, bootID: identity.bootID, tap: identity.tap,
            generation: reading.inForce, tableDigest: reading.inForceDigest, modules: reading.modules,
            processes: reading.processes, problems: problems(reading, now: now))
    }

    private func problems(_ reading: TapReading, now: Timestamp) -> [String] {
        var problems = reading.problems
        if let startProblem { problems.append(startProblem) }
        if let publishProblem { problems.append(publishProblem) }
        let held = ledger?.table.generation ?? .none
        if reading.published > held {
            problems.append(
                "the tap enforces generation \(reading.published), the ledger has "
                    + (ledger == nil ? "none" : "generation \(held)")
                    + "; its modules are not known here until the orchestrator sends generation \(reading.published) "
                    + "again or a later one")
        } else if ledger != nil, reading.published == held, reading.publishedDigest != ledgerDigest {
            problems.append(
                "the tap's generation \(held) has other content (\(reading.publishedDigest?.short ?? "none")) than the "
                    + "ledger's (\(ledgerDigest?.short ?? "none")); a generation above \(held) puts it right")
        }
        if let settling, settling.isSlow(now: now) {
            problems.append(
                "generation \(settling.generation) was published \(now - settling.since) ago, and a tapped process is "
                    + "still inside a call that began under generation \(reading.inForce)")
        }
        if case .fetching(let table, let fetches) = taking, let fetch = fetches.first {
            problems.append(
                "generation \(table.generation) waits for artifact \(fetch.artifact.digest.short), \(fetch.offset) of "
                    + "\(fetch.artifact.bytes) bytes are here")
        }
        return problems
    }

    // MARK: - Events

    var subject: String { "device/\(identity.device)" }

    /// Sent, or kept until there is a connection; the oldest give way.
    mutating func note(_ event: Event) -> [AgentOutput] {
        if isConnected { return [.send(.event(event))] }
        unsent.append(event)
        if unsent.count > Self.unsentMax { unsent.removeFirst() }
        return []
    }

    private func event(
        _ operation: ModuleOperation, _ id: ModuleID, _ plan: ModulePlan?, _ generation: Generation, now: Timestamp
    ) -> Event {
        var facts = ["module": "\(id)", "operation": operation.rawValue, "generation": "\(generation)"]
        if let plan {
            facts["intent"] = "\(plan.intent)"
            facts["flow"] = "\(plan.flow)"
            facts["epoch"] = "\(plan.epoch)"
        }
        return Event(at: now, subject: subject, message: Self.message(operation), facts: facts)
    }

    private static func message(_ operation: ModuleOperation) -> String {
        switch operation {
        case .install: "module installed"
        case .revoke: "module revoked"
        case .activate: "module activated"
        case .deactivate: "module deactivated"
        case .deprecate: "module deprecated"
        case .priority: "module lowered to standby"
        case .enforce: "module drops what comes plain"
        case .relax: "module lets plain messages pass"
        }
    }
}
