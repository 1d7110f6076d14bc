import Inventory
import L45Model
import Orchestrator
import Testing

@Suite("A plan is shown and proved before anything is touched")
struct PlanStories {
    @Test("What would begin is told with its proofs, and nothing has begun")
    func plan() async throws {
        try await withTwoDevices { fleet in
            let result = try await fleet.plan(tagDNS)
            #expect(result.change.dryRun && result.change.intents.map(\.outcome) == [.created])
            #expect(Set(result.change.devices.map(\.deviceName)) == ["laptop", "dns-1"])
            #expect(
                result.rotations
                    == [PlanRotation(flow: FlowName("dns/0"), from: nil, to: Epoch(1), clients: 1, servers: 1)])
            #expect(Set(result.proofs.map(\.kind)) == [.roundTrip, .identity, .growth, .coverage])
            #expect(result.inventory == nil)
            #expect(try fleet.orchestrator.inventory.intents().isEmpty)

            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
            let again = try await fleet.plan(tagDNS)
            #expect(!again.change.differs && again.rotations.isEmpty && again.proofs.isEmpty)
            let changed = try await fleet.plan(tagDNS.replacing("tag dig DNS", with: "tag dig DNS at end"))
            #expect(changed.rotations.map(\.from) == [Epoch(1)] && changed.rotations.map(\.to) == [Epoch(2)])
            #expect(changed.rotations.first?.leastSeconds == 0.02)
            let pruned = try await fleet.plan(
                tagDNS.replacing("name: dns", with: "name: other").replacing("DNS", with: "NTP"), prune: true)
            #expect(pruned.rotations.map(\.flow) == [FlowName("dns/0"), FlowName("other/0")])
            #expect(pruned.rotations.map(\.to) == [nil, Epoch(1)])
        }
    }

    @Test("A plan that cannot be proved is refused by plan and by apply, with the line, and what runs goes on")
    func refuted() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
            try await fleet.add("web-1", role: "web", address: "192.0.2.80")
            let bad = """
                name: ntp
                clients: {role: workstation}
                servers: {role: resolver}
                intent:
                  - tag: {application: ntpd, transport: udp, port: 123, server: {addresses: [192.0.2.80]}}
                """
            let planned = await fleet.orchestrator.answer(
                .plan(PlanRequest(sources: [APISource(origin: "intents.yaml", text: bad)])))
            for answer in [planned, await fleet.apply(bad)] {
                guard case .failure(let failure) = answer else { throw Unexpected("taken: \(answer)") }
                #expect(failure.code == .badInput)
                #expect(failure.message == "the plan cannot be proved; nothing was changed")
                let shown = failure.diagnostics.joined()
                #expect(shown.contains("intents.yaml:5:5: error: flow ntp/0: not every peer can decode"))
                #expect(shown.contains("'web-1' alone") && shown.contains("^~~ select it"))
            }
            #expect(try fleet.orchestrator.inventory.intents().map(\.source) == [tagDNS])
            #expect(fleet.modules(of: "laptop") == ["1:active"])
        }
    }

    @Test("A stage composes into the intent it follows by a rotation, is ready when that is, and leaves the same way")
    func composed() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
            let stage = """
                name: late
                after: dns
                clients: {role: workstation}
                servers: {role: resolver}
                intent: [monitor dig DNS requests, delay 5ms]
                """
            guard case .applied(let result) = await fleet.apply(stage) else { throw Unexpected("refused") }
            #expect(result.devices.flatMap(\.modules).contains { $0.flow == FlowName("dns/0") })
            await fleet.settled("dns", epoch: Epoch(2))
            #expect(fleet.modules(of: "laptop") == ["2:active"])
            guard case .intents(let views) = await fleet.orchestrator.answer(.get(ResourceQuery(.intents))) else {
                throw Unexpected("no intents")
            }
            #expect(views.allSatisfy { $0.ready }, "\(views.map(\.conditions))")
            _ = await fleet.orchestrator.answer(.delete(DeleteRequest(intents: [IntentName("late")])))
            await fleet.settled("dns", epoch: Epoch(3))
            #expect(fleet.modules(of: "laptop") == ["3:active"])
        }
    }

    @Test("The inventory for a simulation has both ends of what changes, however few devices are asked for")
    func inventory() async throws {
        try await withTwoDevices { fleet in
            for number in 1...4 {
                try await fleet.add("web-\(number)", role: "web", address: "192.0.2.\(80 + number)")
            }
            let answer = await fleet.orchestrator.answer(
                .plan(PlanRequest(sources: [APISource(origin: "-", text: tagDNS)], inventoryDevices: 3)))
            guard case .planned(let result) = answer, let inventory = result.inventory else {
                throw Unexpected("\(answer)")
            }
            #expect(Set(inventory.devices.map(\.facts.name)) == ["laptop", "dns-1"])
            #expect(inventory.devicesAll == 6 && inventory.devicesConcerned == 2)
            #expect(inventory.before.isEmpty && inventory.after.map(\.source) == [tagDNS])
            #expect(inventory.touched == [IntentName("dns")])
        }
    }
}

extension TestFleet {
    func plan(_ yaml: String, prune: Bool = false) async throws -> PlanResult {
        let answer = await orchestrator.answer(
            .plan(PlanRequest(sources: [APISource(origin: "intents.yaml", text: yaml)], prune: prune)))
        guard case .planned(let result) = answer else { throw Unexpected("refused: \(answer)") }
        return result
    }
}
