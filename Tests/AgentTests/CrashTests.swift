import Agent
import ControlChannel
import KernelTap
import L45Model
import Testing

@Suite("An agent that dies between any two effects")
struct CrashTests {
    /// One agent after another on the same disk and the same tap, as an orchestrator would drive them.
    struct Life {
        let scratch: Scratch
        let tap = SimulatedTap()
        let now = Timestamp(5_000_000)
        private(set) var driver: AgentDriver<SimulatedTap>

        init() throws {
            scratch = try Scratch()
            driver = try Self.driver(scratch, tap)
        }

        private static func driver(_ scratch: Scratch, _ tap: SimulatedTap) throws -> AgentDriver<SimulatedTap> {
            let file = LedgerFile(folder: scratch.path)
            let store = ArtifactStore(stateFolder: scratch.path)
            let loaded = try file.load(for: Story.device)
            #expect(loaded.problem == nil)
            return AgentDriver(
                machine: AgentMachine(
                    identity: Story.facts, ledger: loaded.ledger, ledgerProblem: loaded.problem,
                    artifacts: try store.scan()),
                tap: tap, storage: .disk(file, store))
        }

        /// A new process: what was in memory is gone.
        mutating func restart() throws {
            tap.loseTables()
            driver = try Self.driver(scratch, tap)
        }

        /// Tells the agent and answers it, as the orchestrator of `files` does, for at most `effects` effects.
        /// - Returns: the effects done and the last report; nil as the count when the agent died before it was through.
        mutating func run(_ inputs: [AgentInput], files: [File], effects: Int) -> (done: Int?, report: DeviceReport?) {
            var waiting = inputs
            var done = 0
            var report: DeviceReport?
            while true {
                guard done < effects else { return (nil, report) }
                switch driver.step(now: now) {
                case .idle:
                    guard !waiting.isEmpty else { return (done, report) }
                    driver.decide(waiting.removeFirst(), now: now)
                case .done: done += 1
                case .send(let message):
                    done += 1
                    switch message {
                    case .report(let latest): report = latest
                    case .artifactWanted(let reference, let offset):
                        guard let file = files.first(where: { $0.reference == reference }) else { continue }
                        waiting += stride(from: offset, to: file.content.count, by: File.chunkBytes).map(file.chunk)
                    default: continue
                    }
                }
            }
        }
    }

    static let file = File(bytes: 150_000)
    static let other = File(bytes: 70_000, seed: 4)
    static let before = Modules.table(7, Modules.entry(1), Modules.entry(2, artifact: other.reference))
    static let after = Modules.table(
        8, Modules.entry(1, .deprecated), Modules.entry(2, artifact: other.reference),
        Modules.entry(3, artifact: file.reference))

    static func session(_ table: DeviceTable) -> [AgentInput] {
        [.started, .connected, .welcomed(reportEvery: .seconds(10)), .set(table, unfit: nil)]
    }

    /// Both tables one after the other, dying after `effects` effects of the second session; then a third that is left alone.
    static func story(dyingAfter effects: Int, wipingTap: Bool) throws -> (
        finished: Bool, report: DeviceReport?, life: Life
    ) {
        var life = try Life()
        _ = life.run(session(before), files: [file, other], effects: .max)
        try life.restart()
        let second = life.run(session(after), files: [file, other], effects: effects)
        let published = life.tap.table
        #expect(published == nil || published == before || published == after)
        try life.restart()
        if wipingTap { life.tap.wipe() }
        // The ledger is never behind what the tap had.
        if published == after { #expect(life.driver.machine.ledger?.table == after) }
        let third = life.run(session(after), files: [file, other], effects: .max)
        return (second.done != nil, third.report, life)
    }

    @Test("Whatever it had done, the next one comes to the same end", arguments: [false, true])
    func everyPrefix(wipingTap: Bool) throws {
        var effects = 0
        while true {
            let (finished, report, life) = try Self.story(dyingAfter: effects, wipingTap: wipingTap)
            #expect(life.tap.table == Self.after, "after \(effects) effects")
            #expect(life.driver.machine.ledger?.table == Self.after)
            #expect(report?.generation == Generation(8))
            #expect(report?.tableDigest == (try Self.after.contentDigest()))
            #expect(report?.modules.map(\.state) == [.deprecated, .active, .active])
            #expect(report?.problems == [])
            #expect(
                try life.scratch.names("artifacts") == [Self.file, Self.other].map(\.reference.digest.hex).sorted(),
                "after \(effects) effects")
            if finished { break }
            effects += 1
            try #require(effects < 200)
        }
        // Reading, asking, three stretches, verifying, ledger, tap, events, report: fewer would mean that it was not lived.
        #expect(effects > 10)
    }
}
