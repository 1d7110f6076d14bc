import ControlChannel
import Foundation
import Inventory
import L45Model
import Orchestrator
import Reconciler
import Synchronization
import Testing

@Suite("Devices' certificates, and the authority behind them", .timeLimit(.minutes(2)))
struct IdentityStories {
    private func id(of name: String, _ fleet: TestFleet) async throws -> DeviceID {
        let devices = await fleet.orchestrator.fleet.devices.values
        return try #require(devices.first { $0.device.facts.name == name }?.device.id)
    }

    private func serials(of device: DeviceID, _ fleet: TestFleet) throws -> [(serial: String, revoked: Bool)] {
        try fleet.orchestrator.inventory.certificates(of: device)
            .sorted { ($0.issuedAt, $0.serial) < ($1.issuedAt, $1.serial) }
            .map { ($0.serial, $0.revokedAt != nil) }
    }

    private func events(_ fleet: TestFleet, _ message: String) async throws -> [EventView] {
        guard case .events(let events) = await fleet.orchestrator.answer(.events(EventQuery(limit: 1000))) else {
            throw Unexpected("no events")
        }
        return events.filter { $0.message == message }
    }

    /// Of alerts that are open.
    private func alerts(_ fleet: TestFleet) async throws -> Set<AlertKind> {
        guard case .alerts(let alerts) = await fleet.orchestrator.answer(.alerts(AlertQuery())) else {
            throw Unexpected("no alerts")
        }
        return Set(alerts.map(\.kind))
    }

    /// Waits for an event; the suite's time limit is what this fails by.
    private func event(_ fleet: TestFleet, _ message: String) async throws -> EventView {
        while true {
            if let event = try await events(fleet, message).first { return event }
            // Each pass looks once.
            let seen = Once()
            await fleet.orchestrator.waitUntil { _ in seen.second() }
        }
    }

    @Test("A device renews its certificate by itself for a new key; once that is used, the one before it is over")
    func renewal() async throws {
        let clock = TestClock()
        let fleet = try await TestFleet(clock: clock)
        try await fleet.add("laptop", role: "workstation", address: "192.0.2.10")
        let device = try await id(of: "laptop", fleet)
        let store = IdentityStore(path: fleet.folder.appending(path: "laptop/identity").path)
        let first = try #require(try store.load())
        #expect(try serials(of: device, fleet).map { $0.serial } == [first.serial])
        await fleet.remove("laptop")
        clock.set(forward: .seconds(61 * 86_400))
        // Two connections: one that renews, one with what it got.
        try await fleet.add("laptop", role: "workstation", address: "192.0.2.10")
        let orchestrator = fleet.orchestrator
        #expect(orchestrator.authorityStanding.phase == .settled)
        await orchestrator.waitUntil { _ in
            let known = (try? orchestrator.inventory.certificates(of: device)) ?? []
            return known.contains { $0.serial == first.serial && $0.revokedAt != nil }
                && (try? store.load())?.serial != first.serial
        }
        let next = try #require(try store.load())
        #expect(next.device == device)
        #expect(next.serial != first.serial && next.key.device != first.key.device)
        #expect(try store.loadRenewed(for: next) == nil)
        #expect(try serials(of: device, fleet).map { $0.revoked } == [true, false])
        #expect(await orchestrator.fleet.devices.count == 1)

        // A copy of the old key, made before: good by its date, and of no use.
        let port = try #require(await orchestrator.port)
        let thief = ChannelClient(
            ChannelClientConfiguration(
                host: "127.0.0.1", port: port, identity: first, now: { clock.now },
                hello: { AgentHello(facts: DeviceFacts(name: "thief"), bootID: "", ledgerGeneration: .none) }),
            logger: TestFleet.quiet)
        let running = Task { await thief.run() }
        var dismissed: ChannelRefusal.Code?
        for await event in thief.events {
            if case .dismissed(let refusal) = event {
                dismissed = refusal.code
                break
            }
        }
        running.cancel()
        #expect(dismissed == .certificateRevoked)
        let told = try await event(fleet, "withdrawn certificate shown")
        #expect(try await alerts(fleet).contains(.certificateWithdrawn))
        #expect(told.subject == "device/\(device)")
        #expect(told.facts["reason"]?.contains(first.serial) == true)
        await fleet.stop()
    }

    @Test(
        "An evicted device is cut off at once and never taken again; its machine comes back by a token, as another device"
    )
    func evicted() async throws {
        try await withTwoDevices { fleet in
            try await fleet.add("laptop-2", role: "workstation", address: "192.0.2.11")
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
            let device = try await id(of: "laptop-2", fleet)
            let answer = await fleet.orchestrator.answer(
                .evictDevice(EvictRequest(device: "laptop-2", reason: "stolen")))
            guard case .evicted(let result) = answer else { throw Unexpected("\(answer)") }
            #expect(result.device == device && result.wasConnected && result.certificates.count == 1)
            #expect(await fleet.orchestrator.fleet.devices[device] == nil)
            // Its own agent tries again by itself, is refused, and the operator is told.
            let told = try await event(fleet, "withdrawn certificate shown")
            #expect(told.subject == "device/\(device)")
            #expect(try await alerts(fleet).contains(.certificateWithdrawn))
            #expect(try await events(fleet, "device evicted").first?.facts["reason"] == "stolen")
            let store = IdentityStore(path: fleet.folder.appending(path: "laptop-2/identity").path)
            await fleet.orchestrator.waitUntil { _ in store.isDismissed }
            // Nobody waits for it.
            _ = await fleet.steer(.rotate, "dns")
            await fleet.settled("dns", epoch: Epoch(2))

            // The same machine, the same disk, a new token: `add` makes one.
            await fleet.end("laptop-2")
            try await fleet.add("laptop-2", role: "workstation", address: "192.0.2.11")
            let again = try await id(of: "laptop-2", fleet)
            #expect(again != device)
            #expect(try fleet.orchestrator.inventory.eviction(of: device)?.reason == "stolen")
        }
    }

    @Test(
        "A forgotten device does not come back by the token that admitted it, and does by a new one, under its old name"
    )
    func forgotten() async throws {
        try await withTwoDevices { fleet in
            let device = try await id(of: "laptop", fleet)
            _ = await fleet.orchestrator.answer(.forgetDevice(DeviceRequest(device: "laptop")))
            let store = IdentityStore(path: fleet.folder.appending(path: "laptop/identity").path)
            await fleet.orchestrator.waitUntil { _ in store.isDismissed }
            await fleet.end("laptop")
            try await fleet.add("laptop", role: "workstation", address: "192.0.2.10")
            #expect(try await id(of: "laptop", fleet) == device)
        }
    }

    @Test("The authority changes in phases, past a restart and a device that is away, and no device is lost")
    func authority() async throws {
        try await withTwoDevices { fleet in
            let old = fleet.orchestrator.authority.anchor
            let device = try await id(of: "laptop", fleet)
            await fleet.remove("laptop")
            let early = try await token(fleet)
            guard
                case .authority(let begun) = await fleet.orchestrator.answer(
                    .authority(AuthorityRequest(rotate: true)))
            else { throw Unexpected("not begun") }
            #expect(begun.phase == "distributing" && begun.issuing == old.fingerprint)
            guard case .failure(let twice) = await fleet.orchestrator.answer(.authority(AuthorityRequest(rotate: true)))
            else { throw Unexpected("begun twice") }
            #expect(twice.code == .conflict)

            // The one that is there confirms; the one that is away holds the phase, also over a restart.
            let orchestrator = fleet.orchestrator
            await orchestrator.waitUntil { _ in
                let certificates = (try? orchestrator.inventory.fleet().certificates.values).map(Array.init) ?? []
                return certificates.contains { $0.trusts.count == 2 }
            }
            try await fleet.restartOrchestrator()
            guard case .authority(let held) = await fleet.orchestrator.answer(.authority(AuthorityRequest())) else {
                throw Unexpected("no status")
            }
            #expect(held.phase == "distributing" && held.waitingCount == 1)
            #expect(held.waiting.first?.device == device)

            try await fleet.add("laptop", role: "workstation", address: "192.0.2.10")
            let second = fleet.orchestrator
            await second.waitUntil { _ in second.authorityStanding.phase == .settled }
            let new = second.authority.anchor
            #expect(new != old && new.fingerprint == begun.other)
            for name in ["laptop", "dns-1"] {
                let identity = try #require(
                    try IdentityStore(path: fleet.folder.appending(path: "\(name)/identity").path).load())
                #expect(identity.anchors == [new] && identity.anchor == new)
            }
            #expect(try await id(of: "laptop", fleet) == device)
            #expect(await second.fleet.devices.count == 2)

            // Of the authority before: neither its tokens nor its certificates are of use.
            #expect(early.authority == old.fingerprint)
            #expect(try await token(fleet).authority == new.fingerprint)
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
        }
    }

    @Test(
        "A device that connects from two places at the same time: the one that lives is kept, and an alert tells of both"
    )
    func twoPlaces() async throws {
        try await withTwoDevices { fleet in
            let device = try await id(of: "laptop", fleet)
            let stolen = try #require(
                try IdentityStore(path: fleet.folder.appending(path: "laptop/identity").path).load())
            let thief = ChannelClient(
                ChannelClientConfiguration(
                    host: "127.0.0.1", port: try #require(await fleet.orchestrator.port), identity: stolen,
                    hello: { AgentHello(facts: DeviceFacts(name: "thief"), bootID: "", ledgerGeneration: .none) }),
                logger: TestFleet.quiet)
            let running = Task { await thief.run() }
            let told = try await event(fleet, "device key in use at two places")
            running.cancel()
            #expect(told.subject == "device/\(device)")
            #expect(try await alerts(fleet).contains(.keyInTwoPlaces))
            #expect(told.facts["connected"] != nil && told.facts["refused"] != nil)
            #expect(await fleet.orchestrator.fleet.devices[device]?.device.facts.name == "laptop")
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
        }
    }

    private func token(_ fleet: TestFleet) async throws -> EnrolmentToken {
        let answer = await fleet.orchestrator.answer(.createToken(TokenRequest(ttl: .seconds(600))))
        guard case .token(let view) = answer else { throw Unexpected("\(answer)") }
        return try EnrolmentToken(view.token)
    }
}

/// False when it is asked for the first time.
private final class Once: Sendable {
    private let asked = Mutex(false)
    func second() -> Bool {
        asked.withLock { asked in
            defer { asked = true }
            return asked
        }
    }
}
