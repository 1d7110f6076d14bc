import HiccupsGuard
import L45Model
import Testing

@Suite("The life of a path")
struct PathMachineTests {
    private static let begin = Timestamp(1_000_000)
    private let sick = PathSight(changed: [.windowScaling: [.forward, .reverse]])
    private let well = PathSight()

    private func machine(_ policy: PathPolicy = PathPolicy()) -> PathMachine {
        PathMachine(policy: policy, farAgent: true, now: Self.begin)
    }

    /// Leads it to the comparison of throughputs.
    private func gated(_ machine: inout PathMachine, before: Double?, at now: Timestamp) -> GateWish? {
        #expect(machine.handle(.tick, now: now) == [.probe])
        #expect(machine.handle(.probed(sick), now: now).last == .measure)
        guard case .apply(let wish)? = machine.handle(.measured(before), now: now).last else { return nil }
        #expect(machine.handle(.applied, now: now) == [.probe])
        #expect(machine.handle(.probed(sick), now: now) == [.measure])
        return wish
    }

    @Test("A sick path is gated, looked at again, measured, and kept; healed twice in a row, its gates go")
    func wholeLife() throws {
        var path = machine()
        let wish = try #require(gated(&path, before: 1e6, at: Self.begin))
        #expect(wish.subjects == [.windowScaling])
        #expect(path.held.isEmpty, "not held before it has proven itself")
        _ = path.handle(.measured(4e9), now: Self.begin)
        #expect(path.phase == .resting(.gated))
        #expect(path.held == wish)
        // Still sick: the gates are renewed.
        var now = path.wakeAt
        #expect(path.handle(.tick, now: now) == [.probe])
        #expect(path.handle(.probed(sick), now: now) == [.apply(wish)])
        _ = path.handle(.applied, now: now)
        #expect(path.phase == .resting(.gated))
        // Well once, and again soon after.
        now = path.wakeAt
        _ = path.handle(.tick, now: now)
        #expect(path.handle(.probed(well), now: now).isEmpty)
        #expect(path.held == wish)
        #expect(path.wakeAt == now + PathMachine.healAfter)
        now = path.wakeAt
        _ = path.handle(.tick, now: now)
        #expect(path.handle(.probed(well), now: now) == [.apply(.none)])
        let outputs = path.handle(.applied, now: now)
        #expect(outputs.contains { if case .note(_, "path healed; gates removed", _) = $0 { true } else { false } })
        #expect(path.phase == .resting(.clear))
        #expect(path.held.isEmpty)
    }

    @Test("A single good look between bad ones removes nothing")
    func flappingPath() throws {
        var path = machine()
        let wish = try #require(gated(&path, before: nil, at: Self.begin))
        _ = path.handle(.measured(nil), now: Self.begin)
        for round in 0..<20 {
            let now = path.wakeAt
            _ = path.handle(.tick, now: now)
            if path.handle(.probed(round.isMultiple(of: 2) ? well : sick), now: now) == [.apply(wish)] {
                _ = path.handle(.applied, now: now)
            }
            #expect(path.held == wish)
        }
    }

    @Test(
        "Throughput decides: as much as the policy tolerates may be lost, and no more",
        arguments: [(1e9, 1e9, true), (1e9, 0.9e9, true), (1e9, 0.899e9, false), (1e9, 0, false), (0, 0, true)])
    func comparison(_ before: Double, _ after: Double, _ isKept: Bool) throws {
        var path = machine()
        let wish = try #require(gated(&path, before: before, at: Self.begin))
        let outputs = path.handle(.measured(after), now: Self.begin)
        if isKept {
            #expect(path.held == wish)
        } else {
            #expect(outputs.last == .apply(.none))
            _ = path.handle(.applied, now: Self.begin)
            #expect(path.phase == .resting(.rolledBack))
            #expect(path.held.isEmpty)
        }
    }

    @Test("Gates that were rolled back are not tried at the next look, but some looks later they are")
    func retryAfterRollBack() throws {
        var path = machine()
        _ = try #require(gated(&path, before: 1e9, at: Self.begin))
        _ = path.handle(.measured(1), now: Self.begin)
        _ = path.handle(.applied, now: Self.begin)
        var looks = 0
        repeat {
            let now = path.wakeAt
            _ = path.handle(.tick, now: now)
            _ = path.handle(.probed(sick), now: now)
            looks += 1
        } while path.phase == .resting(.rolledBack) && looks < 100
        #expect(looks == PathMachine.looksToRetry)
    }

    @Test("A roll back that fails is made up for at the next look")
    func failedRollBack() throws {
        var path = machine()
        _ = try #require(gated(&path, before: 1e9, at: Self.begin))
        #expect(path.handle(.measured(1), now: Self.begin).last == .apply(.none))
        _ = path.handle(.applyFailed("no nft"), now: Self.begin)
        let now = path.wakeAt
        _ = path.handle(.tick, now: now)
        #expect(path.handle(.probed(sick), now: now) == [.apply(.none)])
        _ = path.handle(.applied, now: now)
        #expect(path.phase == .resting(.rolledBack))
    }

    @Test("A denied extension is gated on a path that can not be looked into")
    func blindPath() {
        var path = machine(PathPolicy(treatments: [.mptcp: .deny]))
        _ = path.handle(.tick, now: Self.begin)
        _ = path.handle(.probed(.blind), now: Self.begin)
        #expect(
            path.handle(.measured(nil), now: Self.begin).last
                == .apply(
                    GateWish(
                        here: [PathGate(.mptcp, at: .opening), PathGate(.mptcp, at: .accepting)])))
        _ = path.handle(.applied, now: Self.begin)
        _ = path.handle(.probed(.blind), now: Self.begin)
        _ = path.handle(.measured(nil), now: Self.begin)
        #expect(path.phase == .resting(.gated))
    }

    @Test("A path that shows nothing is looked at again soon, and then ever less often up to the usual")
    func blindBackoff() {
        var path = machine()
        var waits: [Span] = []
        var now = Self.begin
        for _ in 0..<12 {
            #expect(path.handle(.tick, now: now) == [.probe])
            _ = path.handle(.probeFailed("the far end is not up yet"), now: now)
            waits.append(path.wakeAt - now)
            now = path.wakeAt
        }
        #expect(waits.prefix(4) == [.seconds(1), .seconds(2), .seconds(4), .seconds(8)])
        #expect(waits.last == .seconds(600))
        _ = path.handle(.tick, now: now)
        _ = path.handle(.probed(well), now: now)
        #expect(path.wakeAt == now + .seconds(600))
    }

    @Test("Gates that could not be put in force are tried again soon, and ever less often while it fails")
    func tryAgain() {
        var path = machine()
        var waits: [Span] = []
        var now = Self.begin
        for round in 0..<4 {
            // Before the next try, what may be half in force is put right.
            _ = path.handle(.tick, now: now)
            if round > 0 {
                #expect(path.handle(.probed(sick), now: now) == [.apply(.none)])
                #expect(path.handle(.applied, now: now).isEmpty)
                #expect(path.phase == .resting(.clear))
                now = path.wakeAt
                _ = path.handle(.tick, now: now)
            }
            #expect(path.handle(.probed(sick), now: now).last == .measure)
            _ = path.handle(.measured(nil), now: now)
            _ = path.handle(.applyFailed("the far device did not confirm"), now: now)
            #expect(path.phase == .resting(.failed("the far device did not confirm")))
            waits.append(path.wakeAt - now)
            now = path.wakeAt
        }
        #expect(waits == [.seconds(1), .seconds(2), .seconds(4), .seconds(8)])
    }

    @Test("What an earlier process held stays until a look says otherwise, and goes when the path is well")
    func takenOver() {
        let held = GateWish(here: [PathGate(.windowScaling, at: .opening)])
        var path = PathMachine(policy: PathPolicy(), farAgent: false, now: Self.begin, holding: held)
        _ = path.handle(.tick, now: Self.begin)
        _ = path.handle(.probeFailed("no answer"), now: Self.begin)
        #expect(path.held == held)
        for _ in 0..<2 {
            let now = path.wakeAt
            _ = path.handle(.tick, now: now)
            if path.handle(.probed(well), now: now) == [.apply(.none)] { _ = path.handle(.applied, now: now) }
        }
        #expect(path.held.isEmpty)
    }

    @Test("Every input in every reachable state keeps the rules")
    func exhaustive() {
        let policy = PathPolicy(treatments: [.sack: .allow])
        let sights = [
            well, sick, .blind, PathSight(changed: [.ecn: [.reverse], .windowScaling: [.forward]]),
            PathSight(changed: [.sack: [.forward, .reverse]]),
        ]
        let inputs: [PathMachine.Input] =
            [.tick, .probeFailed("x"), .measured(nil), .measured(1e9), .measured(1), .applied, .applyFailed("x")]
            + sights.map { .probed($0) }
        struct State: Hashable {
            var machine: PathMachine
            /// What a device that does as it is told has in force; two values while it is not known.
            var inForce: Set<GateWish>
            var asked: GateWish?
        }
        var frontier: Set<State> = [State(machine: machine(policy), inForce: [.none])]
        var seen = frontier
        var steps = 0
        for _ in 0..<100 {
            var next: Set<State> = []
            for state in frontier {
                for input in inputs {
                    // An answer comes to a question only; a stray one is among the inputs too.
                    for late in [false, true] where !late || input == .tick {
                        var after = state
                        let now = late ? state.machine.wakeAt : Self.begin
                        let outputs = after.machine.handle(input, now: now)
                        steps += 1
                        if let asked = state.asked, after.machine.phase != state.machine.phase {
                            switch input {
                            case .applied: after.inForce = [asked]
                            case .applyFailed: break
                            default: after.inForce.insert(asked)
                            }
                            after.asked = nil
                        }
                        var questions = 0
                        for output in outputs {
                            switch output {
                            case .apply(let wish):
                                after.asked = wish
                                questions += 1
                                #expect(!wish.subjects.contains(.sack), "allowed is never gated")
                            case .probe, .measure: questions += 1
                            case .note: break
                            }
                        }
                        #expect(questions <= 1)
                        #expect(after.machine.wakeAt <= now + max(policy.retestEvery, PathMachine.stepMax))
                        switch after.machine.phase {
                        case .resting(.clear):
                            #expect(after.machine.held.subjects.isEmpty)
                            #expect(after.inForce.count > 1 || after.inForce == [after.machine.held])
                        case .resting(.gated):
                            #expect(!after.machine.held.subjects.isEmpty)
                            #expect(after.inForce.count > 1 || after.inForce == [after.machine.held])
                        case .resting: break
                        default: #expect(questions == 1 || after.machine == state.machine || input == .tick)
                        }
                        // Rest at one time is as rest at another: all times are taken back to the beginning.
                        if case .resting = after.machine.phase { after.machine = after.machine.rebased(to: Self.begin) }
                        if seen.insert(after).inserted { next.insert(after) }
                    }
                }
            }
            frontier = next
            if frontier.isEmpty { break }
        }
        let count = frontier.count
        #expect(count == 0, "\(seen.count) states and no end of them")
        #expect(seen.count > 300 && steps == seen.count * (inputs.count + 1), "\(seen.count) states, \(steps) steps")
    }
}
