import Inventory
import L45Model
import Orchestrator
import Testing

@Suite("What is refused changes nothing and loses nothing")
struct RefusalStories {
    @Test("A misspelt key is refused with its place, and the intents in force stay")
    func badYAML() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
            let answer = await fleet.apply(tagDNS.replacing("clients:", with: "cleints:"))
            guard case .failure(let failure) = answer else { throw Unexpected("taken: \(answer)") }
            #expect(failure.code == .badInput)
            #expect(failure.diagnostics.joined().contains("intents.yaml:2:1"))
            #expect(failure.diagnostics.joined().contains("clients"))
            #expect(try fleet.orchestrator.inventory.intents().map(\.source) == [tagDNS])
        }
    }

    @Test("An intent that no device can carry is refused, and says which labels there are")
    func nobody() async throws {
        try await withTwoDevices { fleet in
            let answer = await fleet.apply(tagDNS.replacing("role: resolver", with: "role: firewall"))
            guard case .failure(let failure) = answer else { throw Unexpected("taken: \(answer)") }
            #expect(failure.code == .badInput)
            #expect(failure.diagnostics.joined().contains("firewall"))
            #expect(try fleet.orchestrator.inventory.intents().isEmpty)
        }
    }

    @Test("Unknown names are answered with what there is")
    func unknownNames() async throws {
        try await withTwoDevices { fleet in
            let device = await fleet.orchestrator.answer(.get(ResourceQuery(.devices, names: ["printer"])))
            guard case .failure(let first) = device else { throw Unexpected("\(device)") }
            #expect(first.code == .notFound)
            #expect(first.message.contains("printer"))

            let intent = await fleet.orchestrator.answer(.delete(DeleteRequest(intents: ["ghost"])))
            guard case .failure(let second) = intent else { throw Unexpected("\(intent)") }
            #expect(second.code == .notFound)
        }
    }

    @Test("The first edition has nothing before it to go back to")
    func undoOfTheFirst() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS)
            guard case .failure(let failure) = await fleet.steer(.undo, "dns") else { throw Unexpected("undone") }
            #expect(failure.code == .conflict)
        }
    }

    @Test("An intent whose last resolver was forgotten keeps its modules, says so, and stands in no other intent's way")
    func misfit() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
            _ = await fleet.orchestrator.answer(.forgetDevice(DeviceRequest(device: "dns-1")))
            #expect(fleet.modules(of: "laptop") == ["1:active"])
            guard case .intents(let views) = await fleet.orchestrator.answer(.get(ResourceQuery(.intents))) else {
                throw Unexpected("no intents")
            }
            #expect(views.flatMap(\.conditions).contains { $0.type == "Fits" && $0.status == .no })

            try await fleet.add("web-1", role: "web", address: "192.0.2.80")
            let other = await fleet.apply(
                tagDNS.replacing("name: dns", with: "name: web").replacing("role: resolver", with: "role: web")
                    .replacing("tag dig DNS", with: "tag curl HTTP every 1000 bytes"))
            guard case .applied = other else { throw Unexpected("refused: \(other)") }
            await fleet.settled("web", epoch: Epoch(1))
            #expect(fleet.modules(of: "laptop") == ["1:active", "1:active"])
        }
    }

    @Test("A forgotten device is cut off, and rollouts no longer wait for it")
    func forgotten() async throws {
        try await withTwoDevices { fleet in
            try await fleet.add("laptop-2", role: "workstation", address: "192.0.2.11")
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
            _ = await fleet.orchestrator.answer(.forgetDevice(DeviceRequest(device: "laptop-2")))
            _ = await fleet.steer(.rotate, "dns")
            await fleet.settled("dns", epoch: Epoch(2))
            #expect(await fleet.orchestrator.fleet.devices.count == 2)
        }
    }
}

extension IntentName: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(value) }
}
