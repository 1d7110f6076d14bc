import L45Model
import Orchestrator
import Testing

@Suite("Rotation on schedule, over real TLS")
struct ScheduleStories {
    private let dns = IntentName("dns")

    private func epoch(_ fleet: TestFleet) async throws -> Epoch? {
        let answer = await fleet.orchestrator.answer(.get(ResourceQuery(.intents, names: ["dns"])))
        guard case .intents(let intents) = answer else { throw Unexpected("\(answer)") }
        return intents.first?.epoch
    }

    /// A pass now, as one that any other change would cause.
    private func pass(_ fleet: TestFleet, _ turn: Int) async throws {
        let answer = await fleet.orchestrator.answer(
            .setLabels(LabelRequest(device: "laptop", set: ["turn": "\(turn)"], remove: [])))
        guard case .device = answer else { throw Unexpected("\(answer)") }
    }

    @Test("Not before its time; then once; and once, too, when twenty windows were slept through")
    func missed() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS + "\n  - rotate dialect every 6h\n")
            await fleet.settled(dns, epoch: Epoch(1))
            fleet.clock.set(forward: .seconds(5 * 3600))
            try await pass(fleet, 1)
            #expect(try await epoch(fleet) == Epoch(1))
            fleet.clock.set(forward: .seconds(3600))
            try await pass(fleet, 2)
            await fleet.settled(dns, epoch: Epoch(2))
            #expect(fleet.modules(of: "laptop") == ["2:active"])

            fleet.clock.set(forward: .seconds(5 * 24 * 3600))
            try await pass(fleet, 3)
            await fleet.settled(dns, epoch: Epoch(3))
            for turn in 4...9 { try await pass(fleet, turn) }
            #expect(try await epoch(fleet) == Epoch(3))
            fleet.clock.set(forward: .seconds(6 * 3600))
            try await pass(fleet, 10)
            await fleet.settled(dns, epoch: Epoch(4))
        }
    }

    @Test("A paused intent is not rotated by its schedule, and makes up for it once when it is resumed")
    func paused() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS + "\n  - rotate dialect at \"0 3 1 1 *\"\n")
            await fleet.settled(dns, epoch: Epoch(1))
            _ = await fleet.steer(.pause, dns)
            fleet.clock.set(forward: .seconds(366 * 24 * 3600))
            try await pass(fleet, 1)
            #expect(try await epoch(fleet) == Epoch(1))
            _ = await fleet.steer(.resume, dns)
            try await pass(fleet, 2)
            await fleet.settled(dns, epoch: Epoch(2))
            try await pass(fleet, 3)
            #expect(try await epoch(fleet) == Epoch(2))
        }
    }
}
