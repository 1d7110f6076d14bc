import L45Model
import Reconciler
import Testing

/// Single passes over hand-made snapshots.
@Suite("One pass")
struct StepTests {
    let one = SimDevice.id(1)

    func settled() -> FleetSnapshot {
        let (fleet, flow) = RotationStories.lab()
        fleet.want([flow])
        #expect(fleet.settles())
        return fleet.snapshot()
    }

    var now: Timestamp { Timestamp(1_750_000_900_000) }

    func decided(_ actions: [Action]) -> [DeviceTable] {
        actions.compactMap { if case .decide(let table) = $0 { table } else { nil } }
    }
    func sent(_ actions: [Action]) -> [DeviceID] {
        actions.compactMap { if case .send(let device, _) = $0 { device } else { nil } }
    }
    func events(_ actions: [Action]) -> [Event] {
        actions.compactMap { if case .note(let event) = $0 { event } else { nil } }
    }
    func standings(_ actions: [Action]) -> [RolloutStatus] {
        actions.compactMap { if case .status(let status) = $0 { status } else { nil } }
    }

    @Test("Nothing to do: nothing is done")
    func idle() {
        #expect(Reconciler.step(FleetSnapshot(devices: [:]), now: now) == [])
        #expect(Reconciler.step(settled(), now: now) == [])
    }

    @Test("A tap that lost its table gets the same one again, at once")
    func lost() {
        var snapshot = settled()
        snapshot.devices[one]?.report?.generation = .none
        snapshot.devices[one]?.report?.tableDigest = nil
        snapshot.devices[one]?.report?.modules = []
        snapshot.devices[one]?.sentAt = nil
        let actions = Reconciler.step(snapshot, now: now)
        #expect(decided(actions).isEmpty)
        #expect(sent(actions) == [one])
        #expect(standings(actions).first?.phase == .settled)
        #expect(standings(actions).first?.waiting.map(\.device) == [one])
    }

    @Test("An unconfirmed table is sent again after a while, and not before")
    func resend() {
        var snapshot = settled()
        snapshot.devices[one]?.report?.generation = Generation(1)
        snapshot.policy.resendAfter = .seconds(10)
        snapshot.devices[one]?.sentAt = now + .seconds(-9)
        #expect(sent(Reconciler.step(snapshot, now: now)).isEmpty)
        snapshot.devices[one]?.sentAt = now + .seconds(-10)
        #expect(sent(Reconciler.step(snapshot, now: now)) == [one])
        // A clock that was set back must not silence us.
        snapshot.devices[one]?.sentAt = now + .seconds(3600)
        #expect(sent(Reconciler.step(snapshot, now: now)) == [one])
    }

    @Test("A device that is back is first asked what it runs; one that does not say is sent its table all the same")
    func firstWord() {
        var snapshot = settled()
        snapshot.devices[one]?.sentAt = nil
        snapshot.devices[one]?.link = .connected(since: now + .seconds(-1), reported: false)
        #expect(sent(Reconciler.step(snapshot, now: now)).isEmpty)
        snapshot.devices[one]?.link = .connected(since: now + .seconds(-60), reported: false)
        #expect(sent(Reconciler.step(snapshot, now: now)) == [one])
    }

    @Test("Drift is mended by a new generation of the same content, with an event")
    func drift() throws {
        var snapshot = settled()
        let table = try #require(snapshot.devices[one]?.table)
        snapshot.devices[one]?.report?.modules = []
        let actions = Reconciler.step(snapshot, now: now)
        #expect(
            decided(actions) == [DeviceTable(device: one, generation: table.generation.next, modules: table.modules)])
        #expect(sent(actions) == [one])
        #expect(events(actions).map(\.severity) == [.warning])
        // Mended a moment ago and still so: not once per report.
        snapshot.devices[one]?.sentAt = now + .seconds(-1)
        #expect(decided(Reconciler.step(snapshot, now: now)).isEmpty)
    }

    @Test("The same generation with another digest is drift too")
    func otherDigest() {
        var snapshot = settled()
        snapshot.devices[one]?.report?.tableDigest = Digest(hex: "00")
        #expect(decided(Reconciler.step(snapshot, now: now)).map(\.device) == [one])
    }

    @Test("A device ahead of the inventory gets a generation above both")
    func ahead() {
        var snapshot = settled()
        snapshot.devices[one]?.report?.generation = Generation(40)
        #expect(decided(Reconciler.step(snapshot, now: now)).map(\.generation) == [Generation(41)])
        snapshot.devices[one]?.ledgerGeneration = Generation(90)
        #expect(decided(Reconciler.step(snapshot, now: now)).map(\.generation) == [Generation(91)])
    }

    @Test("A table that the tap can not carry is not decided over and over; the operator reads why")
    func refused() throws {
        var snapshot = settled()
        let generation = try #require(snapshot.devices[one]?.table?.generation)
        snapshot.devices[one]?.report?.generation = Generation(1)
        snapshot.devices[one]?.sentAt = now + .seconds(-1)
        snapshot.devices[one]?.refusal = DeviceSnapshot.Refusal(generation: generation, reason: "512 rules at most")
        let actions = Reconciler.step(snapshot, now: now)
        #expect(decided(actions).isEmpty && sent(actions).isEmpty)
        #expect(
            standings(actions).first?.waiting.map(\.reason) == ["refuses generation \(generation): 512 rules at most"])
    }

    @Test("Standings tell who is waited for, what for, and since when")
    func words() throws {
        var snapshot = settled()
        let flow = SimFlow("dns/0", clients: [one, SimDevice.id(2)], servers: [SimDevice.id(3)]).edition(2)
        for (id, plan) in SimFlow.plans([flow]) { snapshot.devices[id]?.plan = plan }
        snapshot.devices[SimDevice.id(2)]?.link = .away(since: now)
        let standing = try #require(standings(Reconciler.step(snapshot, now: now)).first)
        #expect(standing.phase == .deploy)
        #expect(
            standing.waiting.map(\.reason) == [
                "has not confirmed generation 3: its last report says 2", "is away since \(now.rfc3339)",
                "has not confirmed generation 3: its last report says 2",
            ])
    }

    @Test("Two flows that move at once make one table per device")
    func oneTable() {
        let fleet = SimFleet(devices: 3)
        let dns = SimFlow("dns/0", clients: [one, SimDevice.id(2)], servers: [SimDevice.id(3)])
        let web = SimFlow("web/0", clients: [one, SimDevice.id(3)], servers: [SimDevice.id(2)])
        fleet.want([dns, web])
        fleet.run(2)
        #expect(fleet.store.tables.values.allSatisfy { $0.generation == Generation(1) && $0.modules.count == 2 })
        #expect(fleet.settles(), "\(fleet.violations)")
    }

    @Test("A flow that moves leaves alone what a settled one has on the same devices")
    func settledNeighbour() {
        let fleet = SimFleet(devices: 4)
        var dns = SimFlow("dns/0", clients: [one], servers: [SimDevice.id(2)])
        dns.enforces = true
        dns.namesPeers = false
        let web = SimFlow("web/0", clients: [one], servers: [SimDevice.id(2), SimDevice.id(3)])
        fleet.want([dns, web])
        #expect(fleet.settles(), "\(fleet.violations)")
        // The newcomer has nothing of web; the others had nothing left to do.
        dns.clients.append(SimDevice.id(4))
        fleet.want([dns, web])
        for _ in 0..<60 {
            fleet.step()
            for device in [one, SimDevice.id(2), SimDevice.id(3)] {
                #expect(
                    fleet.devices[device]?.entries.contains { $0.plan.flow == web.name && $0.state == .active } ?? false
                )
            }
        }
        #expect(fleet.settles(), "\(fleet.violations)")
    }

    @Test("A report that happens to look right does not confirm: another table may be under way to the device")
    func lookalike() throws {
        var snapshot = settled()
        let flow = SimFlow("dns/0", clients: [one, SimDevice.id(2)], servers: [SimDevice.id(3)]).edition(2)
        for (id, plan) in SimFlow.plans([flow]) { snapshot.devices[id]?.plan = plan }
        for table in decided(Reconciler.step(snapshot, now: now)) {
            let digest = try table.contentDigest()
            snapshot.devices[table.device]?.table = table
            snapshot.devices[table.device]?.tableDigest = digest
            snapshot.devices[table.device]?.report?.generation = table.generation
            snapshot.devices[table.device]?.report?.tableDigest = digest
            snapshot.devices[table.device]?.report?.modules = table.modules.map {
                ModuleReport(id: $0.plan.id, state: $0.state, enforcing: $0.enforcing)
            }
        }
        #expect(decided(Reconciler.step(snapshot, now: now)).map(\.device) == [one, SimDevice.id(2)])
        // The same modules in the same states, of the table before.
        let held = try #require(snapshot.devices[SimDevice.id(3)]?.table?.generation)
        snapshot.devices[SimDevice.id(3)]?.report?.generation = Generation(held.rawValue - 1)
        #expect(decided(Reconciler.step(snapshot, now: now)).isEmpty)
        // Or of a connection before this one.
        snapshot.devices[SimDevice.id(3)]?.report?.generation = held
        snapshot.devices[SimDevice.id(3)]?.link = .connected(since: now, reported: false)
        #expect(decided(Reconciler.step(snapshot, now: now)).isEmpty)
    }

    @Test("Plans that ask for two editions of one flow hold it, in safety")
    func mixed() throws {
        let fleet = SimFleet(devices: 3)
        let flow = SimFlow("dns/0", clients: [one, SimDevice.id(2)], servers: [SimDevice.id(3)])
        fleet.want([flow])
        #expect(fleet.settles())
        fleet.store.plans[one] = SimFlow.plans([flow.edition(2)])[one]
        fleet.run(60)
        #expect(fleet.violations.isEmpty, "\(fleet.violations)")
        #expect(
            fleet.store.statuses[flow.name]?.waiting.map(\.reason) == ["the plans ask for editions 1 and 2 of one flow"]
        )
        fleet.want([flow.edition(2)])
        #expect(fleet.settles(), "\(fleet.violations)")
    }

    @Test("Most of the fleet silent: nothing moves, one event tells, a device that is here is still mended")
    func brake() {
        let fleet = SimFleet(devices: 6)
        let flow = SimFlow("dns/0", clients: Array(fleet.ids.prefix(5)), servers: [SimDevice.id(6)])
        fleet.run(3)
        fleet.want([flow])
        #expect(fleet.settles(), "\(fleet.violations)")
        fleet.want([flow.edition(2)])
        for number in 1...4 { fleet.cut(SimDevice.id(number), for: 60) }
        fleet.reboot(SimDevice.id(5))
        let decides = fleet.decides
        fleet.run(40)
        #expect(fleet.decides == decides)
        #expect(fleet.events.filter { $0.severity == .alert }.count == 1)
        #expect(fleet.devices[SimDevice.id(5)]?.entries.map(\.state) == [.active])
        #expect(fleet.lastActions.isEmpty)
        #expect(fleet.store.statuses[flow.name]?.waiting.first?.reason.contains("most of the fleet is silent") ?? false)
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(fleet.events.contains { $0.message == "the fleet is back" })
    }

    @Test("2,000 devices: each is decided for once a step, standings stay short, and idle is idle")
    func large() {
        let fleet = SimFleet(devices: 1)
        var hub = SimFlow("dns/0", clients: [], servers: [SimDevice.id(1)])
        hub.namesPeers = false
        var snapshots: [DeviceID: DeviceSnapshot] = [:]
        let ids = (1...2000).map(SimDevice.id)
        hub.clients = Array(ids.dropFirst())
        let plans = SimFlow.plans(
            (0..<5).map { number in
                var flow = hub
                flow.name = FlowName("dns/\(number)")
                return flow
            })
        for id in ids {
            snapshots[id] = DeviceSnapshot(
                device: Device(id: id, facts: DeviceFacts(name: "")), plan: plans[id], table: nil,
                report: DeviceReport(
                    device: id, takenAt: now, bootID: "", tap: .simulated, generation: .none, tableDigest: nil,
                    modules: []),
                link: .connected(since: fleet.now, reported: true), sentAt: nil)
        }
        var snapshot = FleetSnapshot(devices: snapshots)
        for round in 1...4 {
            let actions = Reconciler.step(snapshot, now: now)
            let tables = decided(actions)
            #expect(Set(tables.map(\.device)).count == tables.count)
            #expect(tables.map(\.device) == tables.map(\.device).sorted())
            #expect(tables.count == [2000, 1999, 1, 0][round - 1])
            for table in tables {
                let digest = try? table.contentDigest()
                snapshot.devices[table.device]?.table = table
                snapshot.devices[table.device]?.tableDigest = digest
                snapshot.devices[table.device]?.report?.generation = table.generation
                snapshot.devices[table.device]?.report?.tableDigest = digest
                snapshot.devices[table.device]?.report?.modules = table.modules.map {
                    ModuleReport(id: $0.plan.id, state: $0.state, enforcing: $0.enforcing)
                }
            }
            for standing in standings(actions) {
                snapshot.statuses[standing.flow] = standing
                #expect(standing.waiting.count <= 64)
                if round == 1 { #expect(standing.waiting.last?.reason.hasSuffix("; 1936 more devices wait") ?? false) }
            }
        }
        #expect(snapshot.statuses.values.allSatisfy { $0.phase == .settled })
        #expect(Reconciler.step(snapshot, now: now) == [])
    }
}
