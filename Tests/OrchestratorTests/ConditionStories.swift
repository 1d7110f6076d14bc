import L45Model
import Reconciler
import Testing

@testable import Orchestrator

@Suite("What is said of modules and devices: what, why, and since when")
struct ConditionStories {
    private let laptop = DeviceID("laptop")

    /// As the orchestrator has it after a pass.
    private struct Seen {
        var fleet = MonitorFleet()
        var clock = StandingClock()

        mutating func pass() {
            for id in fleet.fleet.takeTouched() {
                if let device = fleet.fleet.devices[id] {
                    clock.follow(device, now: fleet.now)
                } else {
                    clock.forget(id)
                }
            }
        }

        var views: FleetViews {
            var views = FleetViews(fleet: fleet.fleet, book: IntentBook(), now: fleet.now)
            views.standings = clock
            return views
        }

        func module(_ type: String = "Confirmed") throws -> Condition {
            let module = try #require(try views.modules(ResourceQuery(.modules, device: "laptop")).first)
            return try #require(module.conditions?.first { $0.type == type })
        }

        func device(_ type: String) throws -> Condition {
            let device = try #require(try views.devices(ResourceQuery(.devices, names: ["laptop"])).first)
            return try #require(device.conditions?.first { $0.type == type })
        }
    }

    @Test("A status keeps its time while it stays the same, and has another one with each change")
    func transitions() throws {
        var seen = Seen()
        seen.pass()
        let begun = seen.fleet.now
        #expect(try seen.module().status == .yes)
        seen.fleet.wait(10)
        seen.fleet.report("laptop") { $0.modules[0].statistics.messagesSent += 7 }
        seen.pass()
        #expect(try seen.module().since == APITime(begun), "another report of the same is no change")
        #expect(try seen.module().observedGeneration == Generation(1))

        // Told otherwise: until its tap says so, it is not confirmed.
        seen.fleet.wait(10)
        let plan = MonitorFleet.plan("laptop", .client)
        seen.fleet.fleet.decided(
            DeviceTable(
                device: laptop, generation: Generation(2), modules: [ModuleEntry(plan: plan, state: .standby)]))
        seen.pass()
        let told = try seen.module()
        #expect(told.status == .no && told.reason == "Progressing" && told.since == APITime(seen.fleet.now))
        #expect(told.message == "its tap has it as active in generation 1, and was told standby by generation 2")
        #expect(try seen.device("UpToDate").status == .no)
        #expect(try seen.device("UpToDate").since == APITime(seen.fleet.now))
        #expect(try seen.device("Healthy").since == APITime(begun))

        seen.fleet.fleet.refused(laptop, Generation(2), reason: "its disk is full")
        seen.pass()
        let refused = try seen.module()
        #expect(refused.reason == "Refused" && refused.message == "its agent refused generation 2: its disk is full")
        #expect(refused.since == told.since, "it is not confirmed for no other time than before")

        seen.fleet.wait(10)
        seen.fleet.report("laptop") { _ in }
        seen.pass()
        #expect(try seen.module().message == "its tap has it as standby, in generation 2")
        #expect(try seen.module().since == APITime(seen.fleet.now))
    }

    @Test("Of a device that is away nobody knows; back, it counts once it has reported over this connection")
    func away() throws {
        var seen = Seen()
        seen.pass()
        seen.fleet.wait(5)
        seen.fleet.fleet.disconnected(laptop, now: seen.fleet.now)
        seen.pass()
        let away = try seen.module()
        #expect(away.status == .unknown && away.reason == "DeviceAway" && away.since == APITime(seen.fleet.now))
        #expect(
            away.message.hasSuffix("its tap has it as active by the last report, and was told active by generation 1"))
        let device = try #require(seen.fleet.fleet.devices[laptop]?.device)
        _ = seen.fleet.fleet.connected(device, ledger: Generation(1), now: seen.fleet.now)
        seen.pass()
        #expect(try seen.module().reason == "NotReported")
        seen.fleet.wait(5)
        seen.fleet.report("laptop") { _ in }
        seen.pass()
        #expect(try seen.module().status == .yes && seen.module().since == APITime(seen.fleet.now))
    }

    @Test("What was not seen to change has no time: a value without a clock says none")
    func unknown() throws {
        let seen = Seen()
        #expect(try seen.module().since == nil)
        var other = Seen()
        other.pass()
        other.fleet.fleet.forget(laptop)
        other.pass()
        #expect(other.clock.sinceUpToDate(laptop, .yes) == nil)
    }

    @Test(
        "On a fleet over TLS: modules are confirmed with their generation, and intents say of which revision they speak"
    )
    func fleet() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
            let answer = await fleet.orchestrator.answer(.get(ResourceQuery(.modules)))
            guard case .modules(let modules) = answer else { throw Unexpected("\(answer)") }
            #expect(modules.count == 2)
            for module in modules {
                let confirmed = try #require(module.conditions?.first)
                #expect(confirmed.type == "Confirmed" && confirmed.status == .yes && confirmed.since != nil)
                #expect(module.generationConfirmed == module.generationDecided)
                #expect(confirmed.observedGeneration == module.generationConfirmed)
            }
            let other = await fleet.orchestrator.answer(.get(ResourceQuery(.intents)))
            guard case .intents(let intents) = other else { throw Unexpected("\(other)") }
            #expect(intents.flatMap(\.conditions).allSatisfy { $0.observedGeneration == Generation(1) })
            await fleet.remove("laptop")
            let later = await fleet.orchestrator.answer(.get(ResourceQuery(.modules, device: "laptop")))
            guard case .modules(let away) = later else { throw Unexpected("\(later)") }
            #expect(away.first?.conditions?.first?.reason == "DeviceAway")
        }
    }
}
