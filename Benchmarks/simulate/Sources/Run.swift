import Foundation
import L45Model
import Simulation
import Synchronization

/// Stories one after the other on each processor, each with a seed of its own.
final class Run: Sendable {
    private let wanted: Int
    private let firstSeed: UInt64
    private let begin = ContinuousClock.now
    private let state: Mutex<State>

    private struct State {
        var nextSeed: UInt64
        var stories = 0
        var devices = 0
        var total: SimulationReport
        var toldAt = ContinuousClock.now
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
            for violation in report.violations { Self.tell("violated by seed \(setup.seed): \(violation)\n") }
            state.stories += 1
            state.devices += setup.clients + setup.servers
            // A run that is cut short has still said how far it came.
            guard state.toldAt.duration(to: .now) >= .seconds(10) else { return }
            state.toldAt = .now
            let total = state.total
            let seconds = begin.duration(to: .now) / .seconds(1)
            let line =
                "\(total.rotationsDone) rotations, \(total.violations.count) violations, \(state.stories) stories, "
                + "\(state.devices) devices, \(total.delivered) messages, "
                + "\(total.virtualTime.milliseconds / 3_600_000) h of virtual time, \(Int(seconds)) s, "
                + "\(Int(Double(total.rotationsDone) / seconds)) rotations/s\n"
            Self.tell(line)
        }
    }

    private static func tell(_ line: String) { FileHandle.standardError.write(Data(line.utf8)) }

    /// Fleets of two to four devices; four intents of many flows that rotate each by itself. In one of eight stories some
    /// flows of each are streams, in another one the disasters happen as well as the faults, in two the editions go round in
    /// waves.
    private static func setup(_ seed: UInt64) -> SimulationSetup {
        var setup = SimulationSetup(
            seed: seed, clients: 1 + Int(seed % 2), servers: 1 + Int(seed / 2 % 2), rotations: 60,
            chaos: seed % 8 == 5 ? .disasters : .usual)
        setup.intents = 4
        setup.streamFlows = seed % 8 == 3 ? 4 : 0
        setup.datagramFlows = SimulationSetup.flowsMax - setup.streamFlows
        setup.inWaves = seed % 4 == 2
        setup.operatorEvery = 3_000
        // What an orchestrator sees of a fleet that is far larger: many reports at once, and of each device the last one.
        setup.passEvery = [20, 250, 500, 1_000][Int(seed / 8 % 4)]
        return setup
    }
}
