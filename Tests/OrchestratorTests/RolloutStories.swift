import Foundation
import Inventory
import KernelTap
import L45Model
import Orchestrator
import Testing

@Suite("The main job, from YAML to taps, over real TLS")
struct RolloutStories {
    private let dns = IntentName("dns")

    @Test("An intent is applied, rotated, undone and withdrawn, and each time the taps end as it says")
    func wholeLife() async throws {
        try await withTwoDevices { fleet in
            guard case .applied(let result) = await fleet.apply(tagDNS) else { throw Unexpected("apply was refused") }
            #expect(result.intents.map(\.outcome) == [.created])
            #expect(result.devices.map(\.deviceName) == ["dns-1", "laptop"])
            await fleet.settled(dns, epoch: Epoch(1))
            #expect(fleet.modules(of: "laptop") == ["1:active"])
            #expect(fleet.modules(of: "dns-1") == ["1:active"])

            _ = await fleet.steer(.rotate, dns)
            await fleet.settled(dns, epoch: Epoch(2))
            #expect(fleet.modules(of: "laptop") == ["2:active"])
            #expect(fleet.modules(of: "dns-1") == ["2:active"])

            _ = await fleet.steer(.undo, dns)
            await fleet.settled(dns, epoch: Epoch(1))
            #expect(fleet.modules(of: "dns-1") == ["1:active"])

            _ = await fleet.orchestrator.answer(.delete(DeleteRequest(intents: [dns])))
            await fleet.orchestrator.waitUntil { $0.statuses.isEmpty }
            #expect(fleet.modules(of: "laptop") == [])
            #expect(fleet.modules(of: "dns-1") == [])
        }
    }

    @Test("Applying the same file again changes nothing, and says so")
    func unchanged() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled(dns, epoch: Epoch(1))
            guard case .applied(let again) = await fleet.apply(tagDNS) else { throw Unexpected("apply was refused") }
            #expect(again.intents.map(\.outcome) == [.unchanged])
            #expect(!again.differs)
        }
    }

    @Test("A dry run shows the difference and leaves the fleet alone")
    func dryRun() async throws {
        try await withTwoDevices { fleet in
            guard case .applied(let result) = await fleet.apply(tagDNS, dryRun: true) else {
                throw Unexpected("refused")
            }
            #expect(result.differs)
            #expect(await fleet.orchestrator.fleet.intents.isEmpty)
            #expect(try fleet.orchestrator.inventory.intents().isEmpty)
        }
    }

    @Test("An edited intent travels as a rotation: its modules get new ids, and the old ones go last")
    func editIsRotation() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled(dns, epoch: Epoch(1))
            _ = await fleet.apply(tagDNS.replacing("tag dig DNS", with: "tag dig DNS at end"))
            await fleet.settled(dns, epoch: Epoch(2))
            #expect(fleet.modules(of: "laptop") == ["2:active"])
        }
    }

    @Test("A resolver that joins is in the workstations' tap_sockets, by a rotation of its own accord")
    func joiningServer() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled(dns, epoch: Epoch(1))
            try await fleet.add("dns-2", role: "resolver", address: "192.0.2.54")
            await fleet.settled(dns, epoch: Epoch(2))
            #expect(fleet.modules(of: "dns-2") == ["2:active"])
            let remotes = try #require(fleet.taps["laptop"]?.table?.modules.first).plan.tapSocket.remotes
            #expect(remotes.compactMap { $0.block?.description }.sorted() == ["192.0.2.53", "192.0.2.54"])
        }
    }

    @Test("A paused intent holds its phase, and goes on when it is resumed")
    func pause() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled(dns, epoch: Epoch(1))
            _ = await fleet.steer(.pause, dns)
            _ = await fleet.steer(.rotate, dns)
            #expect(fleet.modules(of: "laptop") == ["1:active"])
            _ = await fleet.steer(.resume, dns)
            await fleet.settled(dns, epoch: Epoch(2))
            #expect(fleet.modules(of: "laptop") == ["2:active"])
        }
    }

    @Test("The orchestrator is replaced in the middle of a rotation; its successor finishes it from the CIB")
    func restart() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled(dns, epoch: Epoch(1))
            // One tap stands still, so that the rotation can not be over before the restart.
            fleet.taps["dns-1"]?.hold()
            _ = await fleet.steer(.rotate, dns)
            try await fleet.restartOrchestrator()
            fleet.taps["dns-1"]?.release()
            await fleet.settled(dns, epoch: Epoch(2))
            #expect(fleet.modules(of: "dns-1") == ["2:active"])
        }
    }

    @Test("A withdrawn intent that comes back goes on above its old editions, so that no secret serves twice")
    func comingBack() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled(dns, epoch: Epoch(1))
            _ = await fleet.orchestrator.answer(.delete(DeleteRequest(intents: [dns])))
            await fleet.orchestrator.waitUntil { $0.statuses.isEmpty }
            _ = await fleet.apply(tagDNS)
            await fleet.settled(dns, epoch: Epoch(2))
        }
    }
}
