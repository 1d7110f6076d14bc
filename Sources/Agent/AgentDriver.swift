package import ControlChannel
package import KernelTap
package import L45Model

/// Carries out what an `AgentMachine` decides on a tap and on the disk, one effect at a time.
///
/// A process may die between any two effects; `step` makes each of those instants reachable.
package struct AgentDriver<T: Tap> {
    package private(set) var machine: AgentMachine
    private let tap: T
    private var storage: AgentStorage
    private var outputs: [AgentOutput] = []

    package init(machine: AgentMachine, tap: T, storage: AgentStorage) {
        self.machine = machine
        self.tap = tap
        self.storage = storage
    }

    /// Decides, and carries out all of it.
    /// - Returns: what is to be sent, in order.
    package mutating func handle(_ input: AgentInput, now: Timestamp) -> [AgentMessage] {
        decide(input, now: now)
        var messages: [AgentMessage] = []
        while true {
            switch step(now: now) {
            case .idle: return messages
            case .done: continue
            case .send(let message): messages.append(message)
            }
        }
    }

    package enum Step: Hashable, Sendable {
        /// Nothing is left to be done.
        case idle
        case done
        /// Left to the caller.
        case send(AgentMessage)
    }

    /// An orchestrator's message as an input; nil when it calls for none.
    package func input(_ message: OrchestratorMessage) -> AgentInput {
        switch message {
        case .welcome(_, let reportEvery): .welcomed(reportEvery: reportEvery)
        case .set(let table): .set(table, unfit: unfit(table))
        case .reportWanted: .reportWanted
        case .challenge(let challenge): .challenged(challenge)
        case .artifactChunk(let artifact, let offset, let bytes): .artifactChunk(artifact, offset: offset, bytes: bytes)
        case .artifactMissing(let artifact): .artifactMissing(artifact)
        // Not of the tap: `PathAgent` takes them.
        case .setPaths, .pathsInvalid, .farGatesHeld, .pathKeys: .tick
        // Carried out by the channel.
        case .trust: .tick
        }
    }

    /// No effect waits for `step`.
    package var isIdle: Bool { outputs.isEmpty }

    /// Decides alone; the effects wait for `step`.
    package mutating func decide(_ input: AgentInput, now: Timestamp) {
        outputs += machine.handle(input, now: now)
    }

    /// Carries out the next effect, and decides on its result.
    package mutating func step(now: Timestamp) -> Step {
        guard !outputs.isEmpty else { return .idle }
        let output = outputs.removeFirst()
        if case .send(let message) = output { return .send(message) }
        if let result = perform(output) {
            // A result comes before whatever was decided earlier and waits: that stays in its order behind it.
            outputs = machine.handle(result, now: now) + outputs
        }
        return .done
    }

    private mutating func perform(_ output: AgentOutput) -> AgentInput? {
        switch output {
        case .send: return nil
        case .readTap:
            do { return .read(try tap.read()) } catch { return .readFailed(reason: "\(error)") }
        case .challenge(let challenge): return .responded(respond(to: challenge))
        case .publish(let table):
            do {
                try tap.publish(table)
                return .published(table.generation)
            } catch { return .publishFailed(table.generation, reason: "\(error)") }
        case .storeLedger(let ledger):
            do {
                try storage.store(ledger)
                return .ledgerStored(ledger.table.generation)
            } catch { return .ledgerFailed(ledger.table.generation, reason: "\(error)") }
        case .appendArtifact(let artifact, let offset, let bytes):
            do {
                try storage.append(artifact, offset: offset, bytes: bytes)
                return nil
            } catch { return .artifactFailed(artifact, reason: "\(error)") }
        case .completeArtifact(let artifact):
            do { return try storage.complete(artifact) ? .artifactStored(artifact) : .artifactBroken(artifact) } catch {
                return .artifactFailed(artifact, reason: "\(error)")
            }
        case .keepArtifacts(let digests):
            storage.keepOnly(digests)
            return nil
        }
    }

    private func respond(to challenge: ModuleChallenge) -> ModuleAnswer {
        let outcome: ModuleAnswer.Outcome
        do throws(TapError) {
            let answer = try tap.answer(challenge.sealed, by: challenge.module)
            outcome = .answered(answer.bytes, life: answer.life)
        } catch {
            switch error {
            case .unopened(_, let life): outcome = .unopened(life: life)
            default: outcome = .unable("\(error)")
            }
        }
        return ModuleAnswer(module: challenge.module, number: challenge.number, outcome: outcome)
    }

    private func unfit(_ table: DeviceTable) -> String? {
        do {
            try tap.check(table)
            return nil
        } catch { return "\(error)" }
    }
}
