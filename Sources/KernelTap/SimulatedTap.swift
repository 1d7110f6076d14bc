package import L45Model
import Synchronization

/// A tap without traffic: holds tables and says what a test or a benchmark has told it to say.
///
/// It outlives the agent that is given it, as the real one's files do. Faults are set from outside.
package final class SimulatedTap: Tap {
    package let kind = TapKind.simulated
    private let state: Mutex<State>

    private struct State {
        var tables = PublishedTables()
        var published: Generation = .none
        var digest: Digest?
        var held: Generation?
        var publishFault: TapError?
        var readFault: TapError?
        var modules: [ModuleID: ModuleReport] = [:]
        var processes: Int
        var publishCount = 0
        var chains: [ModuleID: CheckChain] = [:]
        var life: UInt64 = 1
        var answerFault: (@Sendable (inout [UInt8]) throws(TapError) -> Void)?
    }

    package init(processes: Int = 1) { state = Mutex(State(processes: processes)) }

    package func check(_ table: DeviceTable) throws(TapError) { _ = try RuleTable.rules(of: table) }

    package func publish(_ table: DeviceTable) throws(TapError) {
        try check(table)
        let digest = try table.tapDigest()
        try state.withLock { (state: inout sending State) throws(TapError) in
            if let fault = state.publishFault { throw fault }
            guard table.generation >= state.published else {
                throw .stale(asked: table.generation, held: state.published)
            }
            if table.generation == state.published, let held = state.digest, held != digest {
                throw .conflict(table.generation)
            }
            if table.generation > state.published { state.publishCount += 1 }
            state.tables.append(table, digest: digest)
            state.published = table.generation
            state.digest = digest
            let ids = Set(table.modules.map(\.plan.id))
            state.modules = state.modules.filter { ids.contains($0.key) || state.held != nil }
        }
    }

    package func read() throws(TapError) -> TapReading {
        try state.withLock { (state: inout sending State) throws(TapError) -> TapReading in
            if let fault = state.readFault { throw fault }
            let inForce = min(state.held ?? state.published, state.published)
            state.tables.forget(below: inForce)
            let entry = state.tables.table(inForce, digest: nil)
            let shown = entry ?? state.tables.table(state.published, digest: state.digest)
            return TapReading(
                inForce: inForce, inForceDigest: inForce == state.published ? state.digest : entry?.digest,
                published: state.published, publishedDigest: state.digest,
                modules: (shown?.table.modules ?? []).map { module in
                    var report = state.modules[module.plan.id] ?? ModuleReport(id: module.plan.id, state: module.state)
                    report.state = module.state
                    report.enforcing = module.enforcing
                    return report
                },
                processes: state.processes)
        }
    }

    package var answersChallenges: Bool { true }

    package func answer(_ challenge: [UInt8], by module: ModuleID) throws(TapError) -> TapAnswer {
        try state.withLock { (state: inout sending State) throws(TapError) -> TapAnswer in
            let table = state.tables.table(state.published, digest: state.digest)?.table
            guard let entry = table?.entry(module) else { throw .notInTable(module) }
            var chain = state.chains[module] ?? CheckChain()
            chain.begin(entry.plan.initKey)
            guard var bytes = chain.answer(challenge, by: module) else { throw .unopened(module, life: state.life) }
            state.chains[module] = chain
            try state.answerFault?(&bytes)
            return TapAnswer(bytes: bytes, life: state.life)
        }
    }

    /// Every answer is given to this on its way; nil: none is. What it throws is answered in its place.
    package func onAnswer(_ fault: (@Sendable (inout [UInt8]) throws(TapError) -> Void)?) {
        state.withLock { $0.answerFault = fault }
    }

    /// The chains of keys are lost, as when the kernel's module is loaded anew.
    package func loseChains() {
        state.withLock { state in
            state.chains = [:]
            state.life += 1
        }
    }

    // MARK: - What tests set and see

    /// The table that was published last.
    package var table: DeviceTable? {
        state.withLock { $0.tables.table($0.published, digest: $0.digest)?.table }
    }

    /// The generation that was published last, whatever reads are made to say.
    package var publishedGeneration: Generation { state.withLock { $0.published } }

    /// How often a new generation was put in force.
    package var publishCount: Int { state.withLock { $0.publishCount } }

    /// As if a call that began under the present generation did not end.
    package func hold() { state.withLock { $0.held = $0.published } }
    package func release() { state.withLock { $0.held = nil } }

    /// Every `publish` fails with this; nil: none does.
    package func failPublish(with fault: TapError?) { state.withLock { $0.publishFault = fault } }
    /// Every `read` fails with this; nil: none does.
    package func failRead(with fault: TapError?) { state.withLock { $0.readFault = fault } }

    /// What the module's counters and sockets are to show; its state is always that of the table.
    package func show(_ report: ModuleReport) { state.withLock { $0.modules[report.id] = report } }
    package func show(processes: Int) { state.withLock { $0.processes = processes } }

    /// A new agent process has the tap: it holds the rules, the tables they came from are forgotten.
    package func loseTables() { state.withLock { $0.tables.removeAll() } }

    /// The device was booted: nothing is left.
    package func wipe() {
        state.withLock { state in
            let life = state.life
            state = State(processes: state.processes)
            state.life = life + 1
        }
    }
}
