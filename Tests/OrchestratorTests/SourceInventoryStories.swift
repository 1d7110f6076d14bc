import Foundation
import GitFixture
import Inventory
import L45Model
import Orchestrator
import Testing

/// Real git, a real orchestrator, real agents: an inventory beside the intents labels the devices that the intents select.
@Suite("Following a repository that holds an inventory")
struct SourceInventoryStories {
    /// Selects by labels that the inventory alone gives.
    static let dns = """
        name: dns
        clients: {site: paris}
        servers: {tier: gold}
        intent:
          - tag dig DNS
        """
    static let inventory = """
        kind: Inventory
        groups:
          paris: {site: paris}
        devices:
          - name: laptop
            groups: [paris]
          - name: dns-1
            labels: {tier: gold}
        """

    private var root: Caller { Caller(name: "uid 0", means: .socket, from: "pid 1 on api.sock", role: .administer) }

    private func add(_ spec: SourceSpec, to fleet: TestFleet, by caller: Caller? = nil) async throws {
        let answer = await fleet.orchestrator.answer(.source(SourceRequest(add: spec)), by: caller ?? root)
        guard case .sources = answer else { throw Unexpected("\(answer)") }
    }

    private func sync(_ fleet: TestFleet) async throws {
        let answer = await fleet.orchestrator.answer(.source(SourceRequest(.sync, "net")))
        guard case .sources = answer else { throw Unexpected("\(answer)") }
    }

    private func view(_ fleet: TestFleet) async throws -> SourceView {
        guard case .sources(let views) = await fleet.orchestrator.answer(.sources(SourceQuery(names: ["net"]))),
            let view = views.first
        else { throw Unexpected("no source") }
        return view
    }

    private func applied(_ commit: String, _ fleet: TestFleet) async {
        await fleet.orchestrator.waitUntilSources {
            let standing = $0.entries["net"]?.stored.standing
            return standing?.applied == commit && standing?.stall == nil
        }
    }

    private func refused(_ commit: String, _ fleet: TestFleet) async throws -> SourceStall {
        await fleet.orchestrator.waitUntilSources { $0.entries["net"]?.stored.standing.stall?.commit == commit }
        return try #require(await fleet.orchestrator.sources.entries["net"]?.stored.standing.stall)
    }

    private func device(_ name: String, _ fleet: TestFleet) async throws -> DeviceView {
        guard
            case .devices(let views) = await fleet.orchestrator.answer(
                .get(ResourceQuery(.devices, names: [name]))), let view = views.first
        else { throw Unexpected("no device \(name)") }
        return view
    }

    private func label(_ name: String, _ set: [String: String], _ fleet: TestFleet) async throws {
        let answer = await fleet.orchestrator.answer(
            .setLabels(LabelRequest(device: name, set: set)), by: root)
        guard case .device = answer else { throw Unexpected("\(answer)") }
    }

    @Test(
        "A commit labels devices and selects them in one piece, by git's name in the audit trail; a revert takes both back"
    )
    func commitAndRevert() async throws {
        try await withTwoDevices { fleet in
            let repository = try await GitRepository()
            let first = try await repository.commit(["web.yaml": SourceStories.web])
            try await add(SourceSpec(name: "net", url: repository.folder, prune: true), to: fleet)
            await applied(first, fleet)
            let both = try await repository.commit(["dns.yaml": Self.dns, "inventory.yaml": Self.inventory])
            try await sync(fleet)
            await applied(both, fleet)
            await fleet.settled("dns", epoch: Epoch(1))
            let laptop = try await device("laptop", fleet)
            #expect(laptop.labels == ["role": "workstation", "site": "paris", "group.paris": "yes"])
            #expect(laptop.declaredBy == ["git/net"])
            #expect(
                laptop.conditions?.last?.message == "as 'laptop' in git/net:inventory.yaml:5:11")
            let shown = try await view(fleet)
            #expect(shown.devices == ["dns-1", "laptop"] && shown.driftedDevices == [])
            #expect(shown.history.last?.message == "1 created, 1 unchanged; inventory: 2 created")
            let entry = try #require(
                try fleet.orchestrator.inventory.auditTrail(AuditQuery()).map(\.entry).last { $0.who == "git/net" })
            #expect(
                entry.objects == [
                    "commit/\(both)", "declared/laptop created", "declared/dns-1 created", "intent/dns created",
                ])

            // Another orchestrator on the same state knows whose they are.
            try await fleet.restartOrchestrator()
            try await repository.git("revert", "--no-edit", "--quiet", "HEAD")
            let reverted = try await repository.head
            try await sync(fleet)
            await applied(reverted, fleet)
            #expect(try await device("laptop", fleet).labels == ["role": "workstation"])
            #expect(try await view(fleet).devices == nil)
            #expect(try await view(fleet).history.last?.message == "1 unchanged, 1 pruned; inventory: 2 pruned")
        }
    }

    @Test(
        "A mistake of an inventory or of an intent beside it refuses the commit whole, each at its file, line and column"
    )
    func mistakes() async throws {
        try await withTwoDevices { fleet in
            let repository = try await GitRepository()
            let bad = try await repository.commit([
                "inventory.yaml": Self.inventory.replacingOccurrences(of: "[paris]", with: "[pari]"),
                "dns.yaml": Self.dns.replacingOccurrences(of: "tag dig", with: "tga dig"),
            ])
            try await add(SourceSpec(name: "net", url: repository.folder), to: fleet)
            let stall = try await refused(bad, fleet)
            #expect(stall.reason == .badIntents)
            let at = "net@\(bad.prefix(12))"
            #expect(
                stall.diagnostics.contains {
                    $0.hasPrefix("\(at):inventory.yaml:6:14: error: there is no group 'pari' in this document")
                })
            #expect(stall.diagnostics.contains { $0.hasPrefix("\(at):dns.yaml:5:5: error:") })
            // Labels that are well do not come without the intents that are not.
            let half = try await repository.commit(["inventory.yaml": Self.inventory])
            try await sync(fleet)
            #expect(try await refused(half, fleet).diagnostics.count == 1)
            #expect(try await device("laptop", fleet).labels == ["role": "workstation"])
        }
    }

    @Test("A label that is changed by hand is shown, and kept until the next commit or mended, by the source's policy")
    func drift() async throws {
        try await withTwoDevices { fleet in
            let repository = try await GitRepository()
            let first = try await repository.commit(["inventory.yaml": Self.inventory])
            var spec = SourceSpec(name: "net", url: repository.folder, drift: .keep)
            try await add(spec, to: fleet)
            await applied(first, fleet)
            try await label("laptop", ["site": "lyon"], fleet)
            let shown = try await view(fleet)
            #expect(shown.driftedDevices == ["laptop"])
            #expect(
                shown.conditions.contains {
                    $0.type == "Drifted" && $0.message == "not as the repository says: labels of laptop"
                })
            let condition = try #require(try await device("laptop", fleet).conditions?.last)
            #expect(condition.reason == "Drifted")
            #expect(condition.message.hasSuffix("; 'site' is 'lyon', declared is 'paris'"))
            guard case .events(let events) = await fleet.orchestrator.answer(.events(EventQuery())) else {
                throw Unexpected("no events")
            }
            #expect(events.contains { $0.message == "label drifted" && $0.facts["device"] == "laptop" })

            spec.drift = .correct
            try await add(spec, to: fleet)
            await fleet.orchestrator.waitUntilSources {
                $0.entries["net"]?.stored.standing.history.last?.outcome == .corrected
            }
            #expect(try await device("laptop", fleet).labels["site"] == "paris")
            #expect(try await view(fleet).history.last?.message == "inventory: 1 configured, 1 unchanged")
        }
    }

    @Test(
        "What a file and a source say of one device goes side by side; where they differ, who comes second is refused")
    func fileAndSource() async throws {
        try await withTwoDevices { fleet in
            func declare(_ labels: [String: String], by name: String? = nil) async -> APIResponse {
                await fleet.orchestrator.answer(
                    .declare(
                        DeclareRequest(devices: [
                            DeclaredDevice(
                                name: "laptop", labels: labels, origin: "racks.csv", place: "racks.csv:2", by: name)
                        ])), by: root)
            }
            let repository = try await GitRepository()
            let first = try await repository.commit(["inventory.yaml": Self.inventory])
            try await add(SourceSpec(name: "net", url: repository.folder, prune: true), to: fleet)
            await applied(first, fleet)
            guard case .declared = await declare(["rack": "7"]) else { throw Unexpected("refused") }
            #expect(try await device("laptop", fleet).declaredBy == ["git/net", "racks.csv"])

            guard case .failure(let failure) = await declare(["site": "lyon"]) else { throw Unexpected("taken") }
            #expect(failure.code == .conflict)
            #expect(
                failure.diagnostics == [
                    "racks.csv:2: error: device 'laptop' is given site=lyon here, and site=paris in "
                        + "git/net:inventory.yaml:5:11"
                ])
            guard case .failure(let foreign) = await declare(["floor": "9"], by: "git/net") else {
                throw Unexpected("taken")
            }
            #expect(foreign.message.contains("is declared by git/net, which is followed"))

            let clash = try await repository.commit([
                "more.yaml": "kind: Inventory\ndevices:\n  - name: laptop\n    labels: {rack: '8'}\n"
            ])
            try await sync(fleet)
            let stall = try await refused(clash, fleet)
            #expect(
                stall.diagnostics.first?.contains(
                    "device 'laptop' is given rack=8 here, and rack=7 in racks.csv:2") == true)
            #expect(try await device("laptop", fleet).labels["rack"] == "7")

            // Who followed it no longer leaves the labels, or takes them along.
            _ = await fleet.orchestrator.answer(.source(SourceRequest(.remove, "net", withdraw: true)), by: root)
            #expect(try await device("laptop", fleet).labels == ["role": "workstation", "rack": "7"])
        }
    }

    @Test("Without prune a device that is named no more keeps its labels, and they are nobody's")
    func withoutPrune() async throws {
        try await withTwoDevices { fleet in
            let repository = try await GitRepository()
            let first = try await repository.commit(["inventory.yaml": Self.inventory])
            try await add(SourceSpec(name: "net", url: repository.folder), to: fleet)
            await applied(first, fleet)
            let second = try await repository.commit([
                "inventory.yaml": "kind: Inventory\ndevices: [{name: dns-1, labels: {role: resolver}}]\n"
            ])
            try await sync(fleet)
            await applied(second, fleet)
            let laptop = try await device("laptop", fleet)
            #expect(laptop.labels["site"] == "paris" && laptop.declaredBy == [])
            // A device that is still named is as it is said to be.
            #expect(try await device("dns-1", fleet).labels == ["role": "resolver"])
        }
    }

    @Test("An inventory is the whole fleet's: who may reach a part of it follows no repository that holds one")
    func rights() async throws {
        try await withTwoDevices { fleet in
            let repository = try await GitRepository()
            let commit = try await repository.commit(["inventory.yaml": Self.inventory])
            let paris = Caller(
                name: "pat", means: .token, from: "here", role: .administer, scope: LabelScope(["site": "paris"]))
            try await add(SourceSpec(name: "net", url: repository.folder), to: fleet, by: paris)
            let stall = try await refused(commit, fleet)
            #expect(stall.reason == .notPermitted && stall.message.contains("added by 'pat'"))
            #expect(try await device("laptop", fleet).labels == ["role": "workstation"])
        }
    }

    @Test("An operator's apply takes intents and the inventory beside them in one piece, and a dry run shows both")
    func apply() async throws {
        try await withTwoDevices { fleet in
            func request(_ intents: String, dryRun: Bool = false) -> APIRequest {
                .apply(
                    ApplyRequest(
                        sources: [APISource(origin: "net/dns.yaml", text: intents)], dryRun: dryRun,
                        declares: DeclareRequest(
                            devices: [
                                DeclaredDevice(name: "laptop", labels: ["site": "paris"], origin: "net/fleet.yaml"),
                                DeclaredDevice(name: "dns-1", labels: ["tier": "gold"], origin: "net/fleet.yaml"),
                            ], dryRun: dryRun)))
            }
            guard case .applied(let shown) = await fleet.orchestrator.answer(request(Self.dns, dryRun: true)) else {
                throw Unexpected("refused")
            }
            #expect(shown.declared?.counts == "2 created" && shown.devices.count == 2)
            #expect(try await device("laptop", fleet).labels == ["role": "workstation"])

            let masked = Self.dns.replacingOccurrences(of: "tag dig DNS", with: "tag dig DNS\n  - tag dig DNS")
            guard case .failure = await fleet.orchestrator.answer(request(masked)) else { throw Unexpected("taken") }
            #expect(try await device("laptop", fleet).labels == ["role": "workstation"])

            let operating = Caller(name: "oz", means: .token, from: "here", role: .operate)
            guard case .failure(let refusal) = await fleet.orchestrator.answer(request(Self.dns), by: operating) else {
                throw Unexpected("taken")
            }
            #expect(refusal.code == .notPermitted)

            guard case .applied(let done) = await fleet.orchestrator.answer(request(Self.dns), by: root) else {
                throw Unexpected("refused")
            }
            #expect(done.declared?.counts == "2 created")
            await fleet.settled("dns", epoch: Epoch(1))
            guard case .applied(let again) = await fleet.orchestrator.answer(request(Self.dns), by: root) else {
                throw Unexpected("refused")
            }
            #expect(!again.differs)
        }
    }
}
