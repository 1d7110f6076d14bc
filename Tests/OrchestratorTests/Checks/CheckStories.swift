import Inventory
import KernelTap
import L45Model
import Orchestrator
import Reconciler
import Testing

@Suite("The security check across a fleet")
struct CheckStories {
    static let often = CheckPolicy(windowMax: .milliseconds(200), silence: .milliseconds(300))

    @Test("Every module is verified at its window, and goes on where it was when the orchestrator is replaced")
    func verified() async throws {
        try await withTwoDevices(checks: Self.often) { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
            await fleet.orchestrator.waitUntilChecks { book in
                book.checks.count == 2 && book.checks.values.allSatisfy { $0.standing.step >= 3 }
            }
            try await fleet.restartOrchestrator()
            await fleet.orchestrator.waitUntilChecks { book in
                book.checks.count == 2 && book.checks.values.allSatisfy { $0.standing.step >= 6 }
            }
            let events = try fleet.orchestrator.inventory.events().map(\.event.message)
            #expect(!events.contains("a module's chain of keys begins again"))
            #expect(await fleet.orchestrator.checks.distrusts.isEmpty)
        }
    }

    @Test(
        "A forged answer has the module revoked, confirmed, and the intent go on without the device until it is readmitted"
    )
    func forged() async throws {
        try await withTwoDevices(checks: Self.often) { fleet in
            try await fleet.add("laptop-2", role: "workstation", address: "192.0.2.11")
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
            fleet.taps["laptop-2"]?.onAnswer { bytes in bytes[20] ^= 4 }
            await fleet.orchestrator.waitUntilChecks { book in
                book.distrusts.values.contains { $0["dns"]?.revokedAt != nil }
            }
            #expect(fleet.modules(of: "laptop-2").isEmpty)
            await fleet.settled("dns", epoch: Epoch(2))
            #expect(fleet.modules(of: "laptop") == ["2:active"])
            #expect(fleet.modules(of: "dns-1") == ["2:active"])
            let confirmed = "module revoked after its failed check, and confirmed by its tap"
            var events: [Event] = []
            for _ in 0..<400 where !events.contains(where: { $0.message == confirmed }) {
                try await Task.sleep(for: .milliseconds(5))
                events = try fleet.orchestrator.inventory.events().map(\.event)
            }
            let failed = try #require(events.first { $0.message == "module failed its security check" })
            #expect(failed.severity == .alert)
            #expect(failed.facts["reason"]?.contains("not sealed under its key") ?? false)
            #expect(events.contains { $0.message == confirmed })
            guard
                case .devices(let views) = await fleet.orchestrator.answer(
                    .get(ResourceQuery(.devices, names: ["laptop-2"])))
            else { throw Unexpected("no device") }
            #expect(views.first?.problems.joined().contains("l45 readmit device laptop-2") ?? false)

            await fleet.orchestrator.waitUntilAlerts { book in
                book.open.values.contains {
                    $0.kind == .securityCheckFailed && $0.seen.contains("not sealed under its key")
                }
            }

            // It stays out, also with another orchestrator.
            try await fleet.restartOrchestrator()
            await fleet.settled("dns", epoch: Epoch(2))
            #expect(fleet.modules(of: "laptop-2").isEmpty)

            fleet.taps["laptop-2"]?.onAnswer(nil)
            _ = await fleet.orchestrator.answer(.readmitDevice(DeviceRequest(device: "laptop-2")))
            await fleet.orchestrator.waitUntilChecks { book in
                book.distrusts.isEmpty && book.checks.values.count { $0.standing.step > 0 } == 3
            }
            await fleet.orchestrator.waitUntilAlerts { book in
                !book.open.keys.contains { $0.kind == .securityCheckFailed }
            }
        }
    }

    @Test("A module that falls silent is revoked; where it was the only one of its end, the intent is withdrawn")
    func silent() async throws {
        try await withTwoDevices(checks: Self.often) { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
            await fleet.orchestrator.waitUntilChecks { $0.checks.values.count { $0.standing.step > 0 } == 2 }
            fleet.taps["dns-1"]?.onAnswer { _ throws(TapError) in
                throw .keeper(program: "l45tap-keeper", errno: 110)
            }
            await fleet.orchestrator.waitUntilChecks { book in
                book.distrusts.values.contains { $0["dns"]?.revokedAt != nil }
            }
            #expect(fleet.modules(of: "dns-1").isEmpty)
            await fleet.orchestrator.waitUntil { $0.devices.values.allSatisfy { $0.table?.modules.isEmpty ?? true } }
            let events = try fleet.orchestrator.inventory.events().map(\.event)
            let failed = try #require(events.first { $0.message == "module failed its security check" })
            #expect(failed.facts["reason"]?.contains("l45tap-keeper does not answer") ?? false)
        }
    }

    @Test("A tap that was started anew begins its chains again, and that is told; one that was not is found out")
    func lostChains() async throws {
        try await withTwoDevices(checks: Self.often) { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
            await fleet.orchestrator.waitUntilChecks { $0.checks.values.count { $0.standing.step > 2 } == 2 }
            fleet.taps["laptop"]?.loseChains()
            await fleet.orchestrator.waitUntilChecks { $0.checks.values.contains { $0.standing.life == 2 } }
            await fleet.orchestrator.waitUntilChecks { $0.checks.values.allSatisfy { $0.standing.step > 2 } }
            let events = try fleet.orchestrator.inventory.events().map(\.event.message)
            #expect(events.contains("a module's chain of keys begins again"))
            #expect(await fleet.orchestrator.checks.distrusts.isEmpty)
        }
    }

    @Test("An answer that another device gives for a module counts for nothing; the same from its own device fails it")
    func anotherDevices() async throws {
        try await withTwoDevices(checks: Self.often) { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
            await fleet.orchestrator.waitUntilChecks { $0.checks.values.count { $0.standing.step > 0 } == 2 }
            // From here on a copy: what is asked of it reaches no device.
            var book = await fleet.orchestrator.checks
            let state = await fleet.orchestrator.fleet
            var random = SystemRandomNumberGenerator()
            var now = Timestamp.now()
            var asked: [(owner: DeviceID, challenge: ModuleChallenge)] = []
            for _ in 0..<8 where asked.isEmpty {
                now = now + .seconds(1)
                for case .ask(let owner, let challenge) in try book.step(state, now: now, using: &random) {
                    asked.append((owner, challenge))
                }
            }
            #expect(!asked.isEmpty)
            for (owner, challenge) in asked {
                let other = try #require(state.devices.keys.first { $0 != owner })
                let lie = ModuleAnswer(
                    module: challenge.module, number: challenge.number,
                    outcome: .answered([UInt8](repeating: 7, count: 60), life: 1))
                let before = book.checks.mapValues(\.standing)
                #expect(book.answered(lie, by: other, state, now: now).isEmpty)
                #expect(book.checks.mapValues(\.standing) == before)
                let effects = book.answered(lie, by: owner, state, now: now)
                #expect(effects.contains { if case .distrust(let named) = $0 { named.device == owner } else { false } })
            }
        }
    }

    @Test("A key in the CIB is sealed, and a distrust that was edited is refused at start")
    func atRest() async throws {
        try await withTwoDevices(checks: Self.often) { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
            await fleet.orchestrator.waitUntilChecks { $0.checks.values.count { $0.standing.step > 2 } == 2 }
            let stored = try fleet.orchestrator.inventory.fleet().checks
            #expect(stored.count == 2 && stored.allSatisfy { $0.step > 0 && $0.key.bytes.count == 32 })
        }
    }
}
