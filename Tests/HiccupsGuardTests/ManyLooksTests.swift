import HiccupsGuard
import L45Model
import Synchronization
import Testing

/// No gate is ever asked for here: nothing touches the kernel but the removal of what is not there.
extension GateKeeperTests {
    @Suite("Looks at many paths")
    struct ManyLooksTests {
        /// Answers nobody before `together` looks are under way at once, and everybody from then on.
        private final class Crowd: PathProber {
            private struct State {
                var underWay = 0
                var most = 0
                var done = 0
                var isOpen = false
                var waiting: [CheckedContinuation<Void, Never>] = []
            }
            private let together: Int
            private let state = Mutex(State())

            init(together: Int) { self.together = together }

            var most: Int { state.withLock { $0.most } }
            var done: Int { state.withLock { $0.done } }

            func look(at path: GuardedPath) async throws -> PathSight {
                await withCheckedContinuation { continuation in
                    let woken = state.withLock { state in
                        state.underWay += 1
                        state.most = max(state.most, state.underWay)
                        state.waiting.append(continuation)
                        if state.underWay >= together { state.isOpen = true }
                        guard state.isOpen else { return [CheckedContinuation<Void, Never>]() }
                        defer { state.waiting = [] }
                        return state.waiting
                    }
                    for each in woken { each.resume() }
                }
                state.withLock { state in
                    state.underWay -= 1
                    state.done += 1
                }
                return PathSight()
            }
        }

        private struct Nothing: PathMeter, FarGates {
            func rate(of path: GuardedPath) async -> Double? { nil }
            func set(_ gates: [PathGate], for path: GuardedPath) async throws {}
        }

        @Test(
            "As many looks as may be are under way at once, never more, and each path is looked at",
            .timeLimit(.minutes(1)))
        func together() async throws {
            let lab = try GateLab()
            let paths = try (0..<PathGuard.looksAtOnce * 2).map { index in
                GuardedPath(
                    name: "wan/\(index)", destination: try #require(AddressBlock("10.77.\(index).0/24")),
                    policy: PathPolicy(), farAgent: false)
            }
            let crowd = Crowd(together: PathGuard.looksAtOnce)
            let guarding = PathGuard(
                paths, prober: crowd, meter: Nothing(), far: Nothing(),
                keeper: GateKeeper(runner: lab.runner(lab.client)))
            #expect(try await guarding.pass().isEmpty)
            #expect(crowd.most == PathGuard.looksAtOnce)
            #expect(crowd.done == paths.count)
            #expect(await guarding.standings.allSatisfy { $0.phase == .resting(.clear) })
        }
    }
}
