import Foundation
import HiccupsGuard
import L45Model
import Synchronization
import Testing

/// Among the tests on a real kernel, one at a time: it measures.
extension GateKeeperTests {
    @Suite("The whole circle")
    struct PathGuardTests {
        /// Interrogates a simulated box that does what the real one of the laboratory does.
        private final class BoxProber: PathProber {
            let isBroken = Mutex(true)

            func look(at path: GuardedPath) async throws -> PathSight {
                var simulated = Samples.path(try Samples.syn(options: Samples.sparseOptions))
                if isBroken.withLock({ $0 }) {
                    simulated = Samples.path(
                        try Samples.syn(options: Samples.sparseOptions), forward: [.windowScaleAdded])
                    simulated.box.strippedReverse = [TCPOption.windowScaleKind]
                }
                var random = SeededRandom(seed: 5)
                return PathSight(try simulated.interrogate(.mixed, using: &random).knowledge)
            }
        }

        private struct LabMeter: PathMeter {
            let lab: GateLab
            func rate(of path: GuardedPath) async -> Double? { try? lab.rate(to: "10.77.0.1") }
        }

        /// The far agent, as the orchestrator would tell it.
        private struct FarHost: FarGates {
            let keeper: GateKeeper
            let opener: AddressBlock
            func set(_ gates: [PathGate], for path: GuardedPath) async throws {
                let until = Timestamp.now() + .seconds(600)
                try keeper.apply(gates.map { HeldGate($0, for: opener, until: until) }, now: .now())
            }
        }

        @Test("A box that adds window scaling forward and strips it on the way back: gated, fast again, healed, gone")
        func seedsOwnCase() async throws {
            let lab = try GateLab()
            // The client does not offer it, so that it is the box that adds it.
            try lab.set(lab.client, "net.ipv4.tcp_window_scaling", 0)
            let baseline = try lab.rate(to: "10.77.0.1")
            try lab.nft(
                lab.router,
                """
                table ip box {
                  chain before { type filter hook prerouting priority raw;
                    iifname "ra" ip daddr 10.77.0.0/24 tcp flags & (syn|ack) == syn drop
                    iifname "rb" ip saddr 10.77.0.0/24 tcp flags & (syn|ack) == (syn|ack) reset tcp option window
                  }
                }

                """)
            // Says its process id once it is at work.
            let started = try GateLab.run(
                ["python3", "-B", GateLab.script("box.py"), lab.router, "ra", "rb", GateLab.farMAC, "10.77.0."])
            let box = try #require(pid_t(started))
            defer { kill(box, SIGKILL) }
            let broken = try lab.rate(to: "10.77.0.1")
            #expect(broken < baseline / 20, "\(broken) of \(baseline)")

            let offset = Mutex(Span.zero)
            let prober = BoxProber()
            let opener = try #require(AddressBlock("10.70.0.1"))
            let destination = try #require(AddressBlock("10.77.0.0/24"))
            let before = try (lab.traces(lab.client), lab.traces(lab.server))
            let guarding = PathGuard(
                [GuardedPath(name: "wan/0", destination: destination, policy: PathPolicy(), farAgent: true)],
                prober: prober, meter: LabMeter(lab: lab),
                far: FarHost(keeper: GateKeeper(runner: lab.runner(lab.server)), opener: opener),
                keeper: GateKeeper(runner: lab.runner(lab.client)),
                now: { Timestamp.now() + offset.withLock { $0 } })
            let events = try await guarding.pass()
            #expect(events.map(\.message) == ["path needs gates", "path gated"], "\(events)")
            let gated = try lab.rate(to: "10.77.0.1")
            #expect(gated > baseline / 4, "\(gated) of \(baseline)")
            #expect(gated > broken * 20)

            // Repaired: the next two looks see it.
            kill(box, SIGKILL)
            try lab.nft(lab.router, "delete table ip box\n")
            prober.isBroken.withLock { $0 = false }
            var seen: [Event] = []
            for _ in 0..<2 {
                let next = try #require(await guarding.wakeAt)
                offset.withLock { $0 = (next + .milliseconds(1)) - Timestamp.now() }
                seen += try await guarding.pass()
            }
            #expect(seen.map(\.message) == ["path healed; gates removed"], "\(seen)")
            #expect(try lab.traces(lab.client) == before.0)
            #expect(try lab.traces(lab.server) == before.1)
            let repaired = try lab.rate(to: "10.77.0.1")
            #expect(repaired > baseline / 4)
            print(
                "window scaling, Mbit/s: before the box \(Int(baseline / 1e6)), with it \(broken / 1e6), "
                    + "gated \(Int(gated / 1e6)), repaired \(Int(repaired / 1e6))")
        }

        @Test("Stopped while gates are in force, nothing of ours is left at either end")
        func stop() async throws {
            let lab = try GateLab()
            let before = try (lab.traces(lab.client), lab.traces(lab.server))
            let destination = try #require(AddressBlock("10.77.0.0/24"))
            let opener = try #require(AddressBlock("10.73.0.0/24"))
            let policy = PathPolicy(treatments: [.sack: .deny, .tfo: .deny])
            let guarding = PathGuard(
                [GuardedPath(name: "wan/0", destination: destination, policy: policy, farAgent: true)],
                prober: BoxProber(), meter: NoMeter(),
                far: FarHost(keeper: GateKeeper(runner: lab.runner(lab.server)), opener: opener),
                keeper: GateKeeper(runner: lab.runner(lab.client)))
            let events = try await guarding.pass()
            #expect(events.last?.message == "path gated")
            #expect(try lab.traces(lab.client) != before.0)
            #expect(try lab.traces(lab.server) != before.1)
            #expect(try await guarding.stop().isEmpty)
            #expect(try lab.traces(lab.client) == before.0)
            #expect(try lab.traces(lab.server) == before.1)
        }

        @Test(
            "An opener's gates are for the address that it opens to; for all of ours, where it is translated in front of us"
        )
        func forOthers() async throws {
            let lab = try GateLab()
            let before = try lab.traces(lab.server)
            let guarding = PathGuard(
                [], prober: BoxProber(), meter: NoMeter(), far: NoFarEnd(),
                keeper: GateKeeper(runner: lab.runner(lab.server)))
            func accept(_ destination: String?) async throws -> String {
                let asked = AcceptedGates(
                    path: PathName("wan/0"), opener: DeviceID("1"),
                    sources: ["10.73.0.1", "2001:db8::1"].compactMap { AddressBlock($0) },
                    destination: destination.flatMap { AddressBlock($0) }, gates: [PathGate(.sack, at: .accepting)])
                _ = try await guarding.update([], accepting: [asked])
                return try lab.traces(lab.server)
            }
            let named = try await accept("10.77.0.0/24")
            #expect(named.contains("set accepting_sack4_at_10_77_0_0p24 {") && named.contains("ip saddr 10.77.0.0/24"))
            // The opener's other family does not open to that address.
            #expect(!named.contains("accepting_sack4 {") && !named.contains("accepting_sack6"))
            let translated = try await accept("203.0.113.7")
            #expect(translated.contains("set accepting_sack4 {") && !translated.contains("_at_"))
            // As an earlier release asked.
            let old = try await accept(nil)
            #expect(old.contains("set accepting_sack4 {") && old.contains("set accepting_sack6 {"))
            _ = try await guarding.update([], accepting: [])
            #expect(try lab.traces(lab.server) == before)
        }

        private struct NoMeter: PathMeter {
            func rate(of path: GuardedPath) async -> Double? { nil }
        }

        @Test("Stopped in the middle of a look, nothing of ours is put in force after it")
        func stopInTheMiddle() async throws {
            let lab = try GateLab()
            let before = try lab.traces(lab.client)
            let prober = WaitingProber()
            let guarding = PathGuard(
                [
                    GuardedPath(
                        name: "wan/0", destination: try #require(AddressBlock("10.77.0.0/24")),
                        policy: PathPolicy(treatments: [.sack: .deny]), farAgent: false)
                ],
                prober: prober, meter: NoMeter(), far: NoFarEnd(),
                keeper: GateKeeper(runner: lab.runner(lab.client)))
            async let passed = guarding.pass()
            for await _ in prober.looks { break }
            async let stopped = guarding.stop()
            // The stop stands in line behind the pass, which waits for this. Where the pass is first, it may look again: that
            // look is answered too.
            prober.answer.continuation.finish()
            #expect(try await stopped.isEmpty)
            _ = try await passed
            #expect(try lab.traces(lab.client) == before)
            #expect(await guarding.standings.isEmpty)
        }

        private final class WaitingProber: PathProber {
            let looks: AsyncStream<Void>
            let answer = AsyncStream<Void>.makeStream()
            private let entered: AsyncStream<Void>.Continuation

            init() { (looks, entered) = AsyncStream<Void>.makeStream() }

            func look(at path: GuardedPath) async throws -> PathSight {
                entered.yield()
                for await _ in answer.stream { break }
                return .blind
            }
        }

        @Test("Gates that cost throughput are taken back")
        func rollBack() async throws {
            let lab = try GateLab()
            let before = try lab.traces(lab.client)
            let destination = try #require(AddressBlock("10.77.0.0/24"))
            let guarding = PathGuard(
                [
                    GuardedPath(
                        name: "wan/0", destination: destination, policy: PathPolicy(treatments: [.sack: .deny]),
                        farAgent: false)
                ],
                prober: BoxProber(), meter: FallingMeter(), far: NoFarEnd(),
                keeper: GateKeeper(runner: lab.runner(lab.client)))
            let events = try await guarding.pass()
            #expect(events.map(\.message) == ["path needs gates", "gates rolled back"])
            #expect(try lab.traces(lab.client) == before)
            #expect(await guarding.standings.first?.phase == .resting(.rolledBack))
        }

        private final class FallingMeter: PathMeter {
            private let next = Mutex(1e9)
            func rate(of path: GuardedPath) async -> Double? {
                next.withLock { rate in
                    defer { rate /= 2 }
                    return rate
                }
            }
        }

        private struct NoFarEnd: FarGates {
            func set(_ gates: [PathGate], for path: GuardedPath) async throws {}
        }
    }
}
