import Foundation
import KernelTap
import L45Model
import Orchestrator
import Testing

@Suite("Waves, over real TLS")
struct WaveStories {
    private let dns = IntentName("dns")

    private func status(_ fleet: TestFleet) async -> RolloutStatus? {
        await fleet.orchestrator.fleet.statuses.values.first { $0.intent == dns }
    }

    private func rollout(_ fleet: TestFleet) async throws -> RolloutView {
        let answer = await fleet.orchestrator.answer(.get(ResourceQuery(.rollouts, intent: dns)))
        guard case .rollouts(let rollouts) = answer, let rollout = rollouts.first else {
            throw Unexpected("no rollout: \(answer)")
        }
        return rollout
    }

    private let byWaves = tagDNS + "\n  - roll out in waves 1, rest; soak 50ms; deadline 1h\n"

    @Test("An intent that goes round by waves arrives, and rotates, and is undone at once")
    func arrives() async throws {
        try await withTwoDevices { fleet in
            try await fleet.add("laptop-2", role: "workstation", address: "192.0.2.11")
            _ = await fleet.apply(byWaves)
            await fleet.settled(dns, epoch: Epoch(1))
            _ = await fleet.steer(.rotate, dns)
            await fleet.settled(dns, epoch: Epoch(2))
            #expect(fleet.modules(of: "laptop") == ["2:active"])
            #expect(fleet.modules(of: "laptop-2") == ["2:active"])
            _ = await fleet.steer(.undo, dns)
            await fleet.settled(dns, epoch: Epoch(1))
        }
    }

    @Test("A halt outlives the orchestrator; a retry goes on; why it stood still is told to whoever asks")
    func haltOutlives() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled(dns, epoch: Epoch(1))
            _ = await fleet.apply(tagDNS + "\n  - roll out deadline 2s\n")
            fleet.taps["dns-1"]?.hold()
            _ = await fleet.steer(.rotate, dns)
            await fleet.orchestrator.waitUntil { fleet in
                fleet.statuses.values.contains { $0.course?.halt != nil }
            }
            var view = try await rollout(fleet)
            #expect(view.halted?.cause == .deadline)
            #expect(view.next?.contains("l45 rollout retry dns") == true)
            #expect(view.waiting.map(\.deviceName) == ["dns-1"])
            #expect(view.waiting.first?.since != nil && view.waiting.first?.next == "is sent the table again")
            guard case .intents(let intents) = await fleet.orchestrator.answer(.get(ResourceQuery(.intents))) else {
                throw Unexpected("no intents")
            }
            #expect(
                intents.first?.conditions.contains { $0.type == "Halted" && $0.reason == "DeadlineExceeded" } == true)

            try await fleet.restartOrchestrator()
            view = try await rollout(fleet)
            #expect(view.halted?.cause == .deadline)
            fleet.taps["dns-1"]?.release()
            await fleet.orchestrator.waitUntil { fleet in
                fleet.reporting == 2
                    && fleet.statuses.values.allSatisfy { $0.waiting.allSatisfy { $0.reason.hasPrefix("is halted") } }
            }
            #expect(fleet.modules(of: "laptop").contains("1:active"))
            guard case .rollout(let result) = await fleet.steer(.retry, dns) else { throw Unexpected("refused") }
            #expect(result.changed)
            await fleet.settled(dns, epoch: Epoch(2))
            guard case .rollout(let again) = await fleet.steer(.retry, dns) else { throw Unexpected("refused") }
            #expect(!again.changed)
        }
    }

    @Test("A canary larger than the fleet, or a schedule shorter than the drain, changes nothing")
    func refused() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled(dns, epoch: Epoch(1))
            for item in ["roll out in waves 5, rest", "rollout: {deadline: 1s, waves: [1, rest], soak: 1s}"] {
                guard case .failure(let failure) = await fleet.apply(tagDNS + "\n  - \(item)\n") else {
                    throw Unexpected("'\(item)' was taken")
                }
                #expect(failure.code == .badInput && failure.message.hasSuffix("nothing was changed"))
                #expect(failure.diagnostics.count == 1)
            }
            #expect(await fleet.orchestrator.fleet.strategies.isEmpty)
            #expect(fleet.modules(of: "laptop") == ["1:active"])
        }
    }
}
