import Foundation
import L45Model
import Simulation
import Synchronization

/// Stories one after the other on each processor, each with a seed of its own.
final class Run: Sendable {
    private let wanted: Int
    private let firstSeed: UInt64
    private let state: Mutex<State>

    private struct State {
        var nextSeed: UInt64
        var stories = 0
        var devices = 0
        var total: SimulationReport
        var told = 0
    }

    init(wanted: Int, firstSeed: UInt64) {
        self.wanted = wanted
        self.firstSeed = firstSeed
        state = Mutex(State(nextSeed: firstSeed, total: SimulationReport(seed: firstSeed)))
    }

    var total: SimulationReport { state.withLock { $0.total } }
    var stories: Int { state.withLock { $0.stories } }
    var devices: Int { state.withLock { $0.devices } }

    func onEveryProcessor() {
        DispatchQueue.concurrentPerform(iterations: ProcessInfo.processInfo.activeProcessorCount) { _ in work() }
    }

    private func work() {
        while let seed = draw() {
            let setup = Self.setup(seed)
            do {
                add(try Simulation(setup).run(), setup)
            } catch {
                var report = SimulationReport(seed: seed)
                report.violations = ["seed \(seed) ended by an error: \(error)"]
                add(report, setup)
            }
        }
    }

    private func draw() -> UInt64? {
        state.withLock { state in
            guard state.total.rotationsDone < wanted, state.total.violations.isEmpty else { return nil }
            defer { state.nextSeed += 1 }
            return state.nextSeed
        }
    }

    private func add(_ report: SimulationReport, _ setup: SimulationSetup) {
        state.withLock { state in
            state.total.add(report)
            state.stories += 1
            state.devices += setup.clients + setup.servers
            guard state.total.rotationsDone - state.told >= max(1, wanted / 20) else { return }
            state.told = state.total.rotationsDone
            FileHandle.standardError.write(Data("\(state.told) rotations, \(state.stories) stories\n".utf8))
        }
    }

    /// Fleets of two to four devices; four intents of four flows that rotate each by itself, in one of eight stories a
    /// flow of each over TCP; in another one of eight the disasters as well as the faults.
    private static func setup(_ seed: UInt64) -> SimulationSetup {
        var setup = SimulationSetup(
            seed: seed, clients: 1 + Int(seed % 2), servers: 1 + Int(seed / 2 % 2), rotations: 60,
            chaos: seed % 8 == 5 ? .disasters : .usual)
        setup.intents = 4
        setup.datagramFlows = 4
        setup.streamFlows = seed % 8 == 3 ? 1 : 0
        setup.operatorEvery = 3_000
        return setup
    }
}
