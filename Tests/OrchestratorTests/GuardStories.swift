import Agent
import HiccupsGuard
import L45Model
import Orchestrator
import Reconciler
import Testing

@Suite("Guarded paths, from an intent to the firewall", .timeLimit(.minutes(3)))
struct GuardStories {
    static let guardWAN = """
        name: wan
        clients: {role: edge}
        servers: {role: branch}
        intent:
          - guard paths, every 1s
        """
    /// Window scaling is changed on the way out and on the way back: both ends need the gate.
    private static let broken = PathSight(changed: [.windowScaling: [.forward, .reverse]])

    /// Runs a story on an edge device and a branch device, each with a firewall of its own.
    private func story(_ body: (TestFleet, PathLab) async throws -> Void) async throws {
        let lab = try PathLab()
        let fleet = try await TestFleet()
        do {
            try await fleet.add("edge-1", role: "edge", address: "192.0.2.10", paths: lab.seams(lab.near))
            try await fleet.add("branch-1", role: "branch", address: "192.0.2.53", paths: lab.seams(lab.far))
            try await body(fleet, lab)
        } catch {
            await fleet.stop()
            throw error
        }
        await fleet.stop()
    }

    private func reaches(_ phase: PathStanding.Phase, _ fleet: TestFleet) async {
        await fleet.orchestrator.waitUntilPaths { paths in
            paths.devices.values.flatMap { $0.report?.paths ?? [] }.contains { $0.phase == phase && !$0.isWaiting }
        }
    }

    private func paths(_ fleet: TestFleet) async throws -> [PathView] {
        guard case .paths(let views) = await fleet.orchestrator.answer(.get(ResourceQuery(.paths))) else {
            throw Unexpected("no paths")
        }
        return views
    }

    private func intent(_ fleet: TestFleet) async throws -> IntentView? {
        guard case .intents(let views) = await fleet.orchestrator.answer(.get(ResourceQuery(.intents))) else {
            throw Unexpected("no intents")
        }
        return views.first { $0.name == "wan" }
    }

    @Test(
        "Gated at both ends, healed, gated again, and without a trace once the intent is deleted",
        .enabled(if: PathLab.isPossible))
    func circle() async throws {
        try await story { fleet, lab in
            lab.prober.show(Self.broken)
            guard case .applied(let result) = await fleet.apply(Self.guardWAN) else { throw Unexpected("refused") }
            #expect(result.devices.flatMap(\.paths).map(\.name.rawValue) == ["wan/192.0.2.53"])
            await reaches(.gated, fleet)
            let near = try lab.rules(lab.near)
            #expect(near.contains("set opening_window_scaling4") && near.contains("192.0.2.53"), "\(near)")
            let far = try lab.rules(lab.far)
            #expect(far.contains("set accepting_window_scaling4") && far.contains("192.0.2.10"), "\(far)")
            let view = try #require(try await paths(fleet).first)
            #expect(view.phase == .gated)
            #expect(view.changed == [.windowScaling])
            #expect(view.gates == [PathGate(.windowScaling, at: .opening)])
            #expect(view.farGates == [PathGate(.windowScaling, at: .accepting)])
            #expect(view.far == ["branch-1"])
            let conditions = try #require(view.conditions)
            #expect(conditions.map(\.type) == ["Tampered", "Confirmed", "Healthy"])
            #expect(conditions[2].status == .yes && conditions[2].reason == "Gated" && conditions[2].since != nil)
            #expect(conditions[1].observedGeneration == view.generationConfirmed)
            #expect(try await intent(fleet)?.ready == true)

            lab.prober.show(PathSight())
            await reaches(.clear, fleet)
            #expect(try lab.rules(lab.near).isEmpty)
            await fleet.orchestrator.waitUntilPaths { $0.devices.values.allSatisfy(\.isConfirmed) }
            #expect(try lab.rules(lab.far).isEmpty)

            lab.prober.show(Self.broken)
            await reaches(.gated, fleet)
            _ = await fleet.orchestrator.answer(.delete(DeleteRequest(intents: ["wan"])))
            await fleet.orchestrator.waitUntilPaths { paths in
                paths.present.isEmpty && paths.devices.values.allSatisfy(\.isConfirmed)
            }
            #expect(try lab.rules(lab.near).isEmpty)
            #expect(try lab.rules(lab.far).isEmpty)
            #expect(try await intent(fleet) == nil)

            guard case .events(let events) = await fleet.orchestrator.answer(.events(EventQuery(limit: 1000))) else {
                throw Unexpected("no events")
            }
            let told = events.filter { $0.subject.hasPrefix("path/") && $0.message != "path keyed" }.map(\.message)
            #expect(events.contains { $0.message == "path keyed" })
            #expect(
                told == [
                    "path needs gates", "path gated", "path healed; gates removed", "path needs gates", "path gated",
                    "path no longer guarded",
                ], "\(told)")
        }
    }

    @Test(
        "A path names the middlebox that is declared to stand on it, and says where the two disagree; gates follow the measure",
        .enabled(if: PathLab.isPossible))
    func middlebox() async throws {
        try await story { fleet, lab in
            func declare(_ changes: [String]) async throws {
                let box = DeclaredMiddlebox(
                    name: "fw-wan",
                    between: [[DeclaredMiddlebox.Side("192.0.2.53")], [DeclaredMiddlebox.Side("edges")]],
                    changes: changes.compactMap { MiddleboxChange(text: $0) }, owner: "netops", origin: "net.yaml")
                let answer = await fleet.orchestrator.answer(
                    .declare(
                        DeclareRequest(
                            devices: [
                                DeclaredDevice(name: "edge-1", labels: ["group.edges": "yes"], origin: "net.yaml")
                            ], middleboxes: [box])))
                guard case .declared = answer else { throw Unexpected("\(answer)") }
            }
            func boxes() async throws -> [MiddleboxView] {
                let answer = await fleet.orchestrator.answer(.get(ResourceQuery(.middleboxes)))
                guard case .middleboxes(let views) = answer else { throw Unexpected("\(answer)") }
                return views
            }
            lab.prober.show(Self.broken)
            _ = await fleet.apply(Self.guardWAN)
            await reaches(.gated, fleet)
            #expect(try await paths(fleet).first?.middleboxes == nil)

            try await declare(["window-scale-stripped", "mss-lowered:forward"])
            let view = try #require(try await paths(fleet).first)
            #expect(view.middleboxes == ["fw-wan"] && view.phase == .gated)
            #expect(
                view.findings?.map { "\($0.subject.words) \($0.direction.rawValue) \($0.kind.rawValue)" } == [
                    "window scaling out seen", "window scaling back seen", "mss back not-seen",
                ])
            #expect(view.conditions?.last?.reason == "NotSeen")
            // Measured truth decides: what is declared and not seen has no gate.
            #expect(view.gated == [.windowScaling])
            let box = try #require(try await boxes().first)
            #expect(box.paths.map { "\($0.deviceName) \($0.path)" } == ["edge-1 wan/192.0.2.53"])

            try await declare([])
            let bare = try #require(try await paths(fleet).first)
            #expect(bare.gated == [.windowScaling])
            #expect(bare.conditions?.last?.reason == "Unexplained")
            try await fleet.restartOrchestrator()
            #expect(try await boxes().map(\.declared.owner) == ["netops"])
            _ = await fleet.orchestrator.answer(.declare(DeclareRequest(devices: [], declarers: ["net.yaml"])))
            #expect(try await boxes().isEmpty)
        }
    }

    @Test("An intent deleted while the agent is down leaves nothing once it is back", .enabled(if: PathLab.isPossible))
    func deletedMeanwhile() async throws {
        try await story { fleet, lab in
            lab.prober.show(Self.broken)
            _ = await fleet.apply(Self.guardWAN)
            await reaches(.gated, fleet)
            await fleet.remove("edge-1")
            let away = try #require(try await paths(fleet).first?.conditions?.first { $0.type == "Confirmed" })
            #expect(away.status == .unknown && away.reason == "DeviceAway")
            #expect(!(try lab.rules(lab.near).isEmpty))
            _ = await fleet.orchestrator.answer(.delete(DeleteRequest(intents: ["wan"])))
            try await fleet.add("edge-1", role: "edge", address: "192.0.2.10", paths: lab.seams(lab.near))
            await fleet.orchestrator.waitUntilPaths { $0.devices.values.allSatisfy(\.isConfirmed) }
            #expect(try lab.rules(lab.near).isEmpty)
            #expect(try lab.rules(lab.far).isEmpty)
        }
    }

    @Test(
        "Gates stay over a restart of the agent and of the orchestrator, with the same generation",
        .enabled(if: PathLab.isPossible))
    func restarts() async throws {
        try await story { fleet, lab in
            lab.prober.show(Self.broken)
            _ = await fleet.apply(Self.guardWAN)
            await reaches(.gated, fleet)
            await fleet.orchestrator.waitUntilPaths { $0.devices.values.allSatisfy(\.isConfirmed) }
            let before = await fleet.orchestrator.paths.devices.mapValues { $0.table }
            // A look that tells nothing must not open the gates either.
            lab.prober.show(.blind)
            await fleet.remove("edge-1")
            try await fleet.restartOrchestrator()
            try await fleet.add("edge-1", role: "edge", address: "192.0.2.10", paths: lab.seams(lab.near))
            await fleet.orchestrator.waitUntilPaths { $0.devices.values.allSatisfy(\.isConfirmed) }
            await reaches(.gated, fleet)
            #expect(try lab.rules(lab.near).contains("set opening_window_scaling4"))
            #expect(try lab.rules(lab.far).contains("set accepting_window_scaling4"))
            #expect(await fleet.orchestrator.paths.devices.mapValues { $0.table } == before)
        }
    }

    @Test("An agent that guards no paths is named by the intent's condition")
    func oldAgent() async throws {
        let fleet = try await TestFleet()
        do {
            try await fleet.add("edge-1", role: "edge", address: "192.0.2.10")
            try await fleet.add("branch-1", role: "branch", address: "192.0.2.53")
            _ = await fleet.apply(Self.guardWAN)
            let view = try #require(try await intent(fleet))
            #expect(!view.ready)
            let said = view.conditions.first { $0.type == "Ready" }?.message ?? ""
            #expect(said.contains("edge-1 runs an agent that guards no paths"), "\(said)")
            #expect(try await paths(fleet).first?.problems.first?.contains("guards no paths") == true)
        } catch {
            await fleet.stop()
            throw error
        }
        await fleet.stop()
    }

    @Test("Where the firewall can not be changed the path says why, and the agent goes on")
    func noFirewall() async throws {
        let prober = ScriptedProber()
        prober.show(PathSight(changed: [.sack: [.reverse]]))
        let seams = PathSeams(
            prober: prober, meter: NoMeter(), keeper: GateKeeper(runner: ["/nonexistent/l45"]), answers: false)
        let fleet = try await TestFleet()
        do {
            try await fleet.add("edge-1", role: "edge", address: "192.0.2.10", paths: seams)
            try await fleet.add("branch-1", role: "branch", address: "192.0.2.53", paths: seams)
            _ = await fleet.apply(Self.guardWAN)
            await reaches(.failed, fleet)
            let view = try #require(try await paths(fleet).first)
            #expect(view.reason.contains("gates need nftables"), "\(view.reason)")
            #expect(view.changed == [.sack])
            let condition = try #require(try await intent(fleet)?.conditions.first { $0.type == "PathsSeen" })
            #expect(condition.status == .no)
        } catch {
            await fleet.stop()
            throw error
        }
        await fleet.stop()
    }
}
