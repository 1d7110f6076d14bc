import Foundation
import GitFixture
import Inventory
import L45Model
import Orchestrator
import Testing

/// Real git, a real orchestrator, real agents: what is committed is what devices are told.
@Suite("Following a git repository")
struct SourceStories {
    static let dns = """
        name: dns
        clients: {role: workstation}
        servers: {role: resolver}
        intent:
          - tag dig DNS
        """
    static let web = """
        name: web
        clients: {role: workstation}
        servers: {role: resolver}
        intent:
          - tag curl HTTP every 1000 bytes
        """

    /// The same intent otherwise: a new edition.
    static let dnsMasked = dns.replacingOccurrences(of: "- tag dig DNS", with: "- tag any DNS")

    private func add(_ spec: SourceSpec, to fleet: TestFleet) async throws {
        let answer = await fleet.orchestrator.answer(.source(SourceRequest(add: spec)), by: root)
        guard case .sources = answer else { throw Unexpected("\(answer)") }
    }

    private var root: Caller { Caller(name: "uid 0", means: .socket, from: "pid 1 on api.sock", role: .administer) }

    private func sync(_ fleet: TestFleet, _ name: String = "net") async throws {
        let answer = await fleet.orchestrator.answer(.source(SourceRequest(.sync, name)))
        guard case .sources = answer else { throw Unexpected("\(answer)") }
    }

    private func view(_ fleet: TestFleet, _ name: String = "net") async throws -> SourceView {
        guard case .sources(let views) = await fleet.orchestrator.answer(.sources(SourceQuery(names: [name]))),
            let view = views.first
        else { throw Unexpected("no source") }
        return view
    }

    private func applied(_ commit: String, _ fleet: TestFleet, _ name: String = "net") async {
        await fleet.orchestrator.waitUntilSources {
            let standing = $0.entries[name]?.stored.standing
            return standing?.applied == commit && standing?.stall == nil
        }
    }

    private func refused(_ commit: String, _ fleet: TestFleet, _ name: String = "net") async throws -> SourceStall {
        await fleet.orchestrator.waitUntilSources { $0.entries[name]?.stored.standing.stall?.commit == commit }
        let stall = await fleet.orchestrator.sources.entries[name]?.stored.standing.stall
        return try #require(stall)
    }

    private func intents(_ fleet: TestFleet) async -> [String: String] {
        guard case .intents(let views) = await fleet.orchestrator.answer(.get(ResourceQuery(.intents))) else {
            return [:]
        }
        return Dictionary(
            views.filter { !$0.deleting }.map { ($0.name.rawValue, $0.source) }, uniquingKeysWith: { a, _ in a })
    }

    private func trail(_ fleet: TestFleet) throws -> [AuditEntry] {
        try fleet.orchestrator.inventory.auditTrail(AuditQuery()).map(\.entry)
    }

    @Test(
        "A commit reaches the devices, with its author in the audit trail; a revert takes it back; all of it is shown")
    func commitAndRevert() async throws {
        try await withTwoDevices { fleet in
            let repository = try await GitRepository()
            let first = try await repository.commit(["intents/dns.yaml": Self.dns], "Tag DNS")
            try await add(SourceSpec(name: "net", url: repository.folder, folder: "intents", prune: true), to: fleet)
            await applied(first, fleet)
            await fleet.settled("dns", epoch: Epoch(1))
            await fleet.orchestrator.waitUntilSources { $0.entries["net"]?.stored.standing.healthy == first }

            let second = try await repository.commit(["intents/web.yaml": Self.web], "Tag the web too")
            try await sync(fleet)
            await applied(second, fleet)
            await fleet.settled("web", epoch: Epoch(1))
            #expect(await intents(fleet).keys.sorted() == ["dns", "web"])

            try await repository.git("revert", "--no-edit", "--quiet", "HEAD")
            let third = try await repository.head
            try await sync(fleet)
            await applied(third, fleet)
            #expect(await intents(fleet) == ["dns": Self.dns])

            let shown = try await view(fleet)
            #expect(shown.ready && shown.observedRevision == third && shown.lastAppliedRevision == third)
            #expect(shown.history.map(\.commit) == [first, second, third])
            #expect(shown.history.map(\.message) == ["1 created", "1 created, 1 unchanged", "1 unchanged, 1 pruned"])
            let applies = try trail(fleet).filter { $0.who == "git/net" }
            #expect(applies.map(\.verb) == ["apply", "apply", "apply"])
            #expect(applies.allSatisfy { $0.means == .git && $0.result == .done })
            #expect(applies[1].objects == ["commit/\(second)", "intent/web created"])
            #expect(applies[1].detail == "commit \(second) by Jane Doe <jane@example.org>")
        }
    }

    @Test(
        "A bad commit is refused whole, to file, line and column, and the last good one stays; the next good one goes on"
    )
    func badCommit() async throws {
        try await withTwoDevices { fleet in
            let repository = try await GitRepository()
            let good = try await repository.commit(["dns.yaml": Self.dns])
            try await add(SourceSpec(name: "net", url: repository.folder, prune: true), to: fleet)
            await applied(good, fleet)
            let bad = try await repository.commit([
                "web.yaml": Self.web, "dns.yaml": Self.dns.replacingOccurrences(of: "tag dig", with: "tga dig"),
                "binary.yaml": "\u{0}\u{1}",
            ])
            try await sync(fleet)
            let stall = try await refused(bad, fleet)
            #expect(stall.reason == .badIntents)
            #expect(stall.diagnostics.contains { $0.hasPrefix("net@\(bad.prefix(12)):dns.yaml:5:5: error:") })
            #expect(stall.diagnostics.contains { $0.hasPrefix("net@\(bad.prefix(12)):binary.yaml:1:1: error:") })
            #expect(await intents(fleet) == ["dns": Self.dns])
            let shown = try await view(fleet)
            #expect(!shown.ready && shown.lastAppliedRevision == good && shown.lastAttemptedRevision == bad)
            #expect(
                shown.conditions.contains { $0.type == "Stalled" && $0.status == .yes && $0.reason == "BadIntents" })
            guard case .alerts(let alerts) = await fleet.orchestrator.answer(.alerts(AlertQuery())) else {
                throw Unexpected("no alerts")
            }
            #expect(alerts.map(\.kind).contains(.sourceStalled))
            #expect(try trail(fleet).last { $0.who == "git/net" }?.result == .refused)

            let better = try await repository.commit(["dns.yaml": Self.dns, "binary.yaml": nil])
            try await sync(fleet)
            await applied(better, fleet)
            #expect(await intents(fleet).keys.sorted() == ["dns", "web"])
            guard case .alerts(let left) = await fleet.orchestrator.answer(.alerts(AlertQuery())) else {
                throw Unexpected("no alerts")
            }
            #expect(!left.map(\.kind).contains(.sourceStalled))
        }
    }

    @Test("A force push is refused and what was applied stays; with --allow-force-push it is taken")
    func forcePush() async throws {
        try await withTwoDevices { fleet in
            let repository = try await GitRepository()
            try await repository.commit(["dns.yaml": Self.dns])
            let second = try await repository.commit(["web.yaml": Self.web])
            var spec = SourceSpec(name: "net", url: repository.folder, prune: true)
            try await add(spec, to: fleet)
            await applied(second, fleet)
            try await repository.git("reset", "--quiet", "--hard", "HEAD~1")
            let rewritten = try await repository.commit(["dns.yaml": Self.dnsMasked])
            try await sync(fleet)
            #expect(try await refused(rewritten, fleet).reason == .forcePushed)
            #expect(await intents(fleet) == ["dns": Self.dns, "web": Self.web])
            spec.allowsForcePush = true
            try await add(spec, to: fleet)
            await applied(rewritten, fleet)
            #expect(await intents(fleet) == ["dns": Self.dnsMasked])
        }
    }

    @Test("An operator's change of a source's intent needs --force, is shown as drift, and is undone or kept by policy")
    func drift() async throws {
        try await withTwoDevices { fleet in
            let repository = try await GitRepository()
            let commit = try await repository.commit(["dns.yaml": Self.dns])
            var spec = SourceSpec(name: "net", url: repository.folder, drift: .keep)
            try await add(spec, to: fleet)
            await applied(commit, fleet)
            // An operator's own intent is his, and a prune of his leaves the source's alone.
            guard case .applied = await fleet.apply(Self.web, prune: true) else { throw Unexpected("refused") }
            #expect(await intents(fleet).keys.sorted() == ["dns", "web"])

            guard case .failure(let failure) = await fleet.apply(Self.dnsMasked) else { throw Unexpected("taken") }
            #expect(failure.code == .conflict && failure.message.contains("git/net"))
            guard case .failure = await fleet.orchestrator.answer(.delete(DeleteRequest(intents: ["dns"]))) else {
                throw Unexpected("deleted")
            }
            let forced = await fleet.orchestrator.answer(
                .apply(ApplyRequest(sources: [APISource(origin: "-", text: Self.dnsMasked)], force: true)))
            guard case .applied = forced else { throw Unexpected("\(forced)") }
            #expect(try await view(fleet).drifted == ["dns"])
            guard
                case .intents(let views) = await fleet.orchestrator.answer(
                    .get(ResourceQuery(.intents, names: ["dns"])))
            else { throw Unexpected("no intent") }
            #expect(views.first?.manager == "git/net")
            #expect(views.first?.conditions.contains { $0.type == "Drifted" } == true)

            // Kept, however often it is looked at, until the policy is another.
            let looked = try await view(fleet).lookedAt
            try await sync(fleet)
            let patience = ContinuousClock.now + .seconds(30)
            while try await view(fleet).lookedAt == looked, ContinuousClock.now < patience { await Task.yield() }
            #expect(try await view(fleet).lookedAt != looked)
            #expect(await intents(fleet)["dns"] == Self.dnsMasked)
            spec.drift = .correct
            try await add(spec, to: fleet)
            await fleet.orchestrator.waitUntilSources {
                $0.entries["net"]?.stored.standing.history.last?.outcome == .corrected
            }
            #expect(await intents(fleet) == ["dns": Self.dns, "web": Self.web])
            #expect(try await view(fleet).drifted.isEmpty)

            // A deletion is drift too.
            _ = await fleet.orchestrator.answer(.source(SourceRequest(.suspend, "net")))
            guard case .deleted = await fleet.orchestrator.answer(.delete(DeleteRequest(intents: ["dns"], force: true)))
            else { throw Unexpected("not deleted") }
            #expect(try await view(fleet).drifted == ["dns"])
            _ = await fleet.orchestrator.answer(.source(SourceRequest(.resume, "net")))
            await fleet.orchestrator.waitUntilSources { $0.entries["net"]?.stored.standing.history.count == 3 }
            #expect(await intents(fleet)["dns"] == Self.dns)
        }
    }

    @Test("A repository that vanishes leaves everything running, and is followed again once it is back")
    func vanished() async throws {
        try await withTwoDevices { fleet in
            let repository = try await GitRepository()
            let commit = try await repository.commit(["dns.yaml": Self.dns])
            try await add(SourceSpec(name: "net", url: repository.folder), to: fleet)
            await applied(commit, fleet)
            let (here, away) = ("\(repository.folder)/.git", "\(repository.folder)/away")
            try FileManager.default.moveItem(atPath: here, toPath: away)
            try await sync(fleet)
            await fleet.orchestrator.waitUntilSources {
                $0.entries["net"]?.stored.standing.stall?.reason == .unreachable
            }
            let shown = try await view(fleet)
            #expect(!shown.ready && shown.lastAppliedRevision == commit)
            #expect(await intents(fleet) == ["dns": Self.dns])
            try FileManager.default.moveItem(atPath: away, toPath: here)
            try await sync(fleet)
            await applied(commit, fleet)
            #expect(try await view(fleet).ready)
        }
    }

    @Test("Another orchestrator on the same state goes on where the one before was, and keeps what is kept")
    func restart() async throws {
        try await withTwoDevices { fleet in
            let repository = try await GitRepository()
            let first = try await repository.commit(["dns.yaml": Self.dns])
            try await add(SourceSpec(name: "net", url: repository.folder), to: fleet)
            await applied(first, fleet)
            let second = try await repository.commit(["web.yaml": Self.web])
            try await fleet.restartOrchestrator()
            await applied(second, fleet)
            #expect(try await view(fleet).history.map(\.commit) == [first, second])
            guard case .failure = await fleet.apply(Self.dnsMasked) else { throw Unexpected("taken") }
        }
    }

    @Test("Two sources do not say what one intent is, and one that comes after another waits until that is healthy")
    func twoSources() async throws {
        try await withTwoDevices { fleet in
            let (base, edge) = (try await GitRepository(), try await GitRepository())
            let one = try await base.commit(["dns.yaml": Self.dns.replacingOccurrences(of: "dns", with: "d n s")])
            try await add(SourceSpec(name: "base", url: base.folder), to: fleet)
            _ = try await refused(one, fleet, "base")
            let two = try await edge.commit(["web.yaml": Self.web])
            try await add(SourceSpec(name: "edge", url: edge.folder, after: ["base"]), to: fleet)
            let stall = try await refused(two, fleet, "edge")
            #expect(stall.reason == .dependency && stall.message.contains("base"))
            #expect(await intents(fleet).isEmpty)
            let good = try await base.commit(["dns.yaml": Self.dns])
            try await sync(fleet, "base")
            await applied(good, fleet, "base")
            await applied(two, fleet, "edge")
            let both = try await edge.commit(["dns.yaml": Self.dnsMasked])
            try await sync(fleet, "edge")
            let refusal = try await refused(both, fleet, "edge")
            #expect(refusal.reason == .badIntents && refusal.message.contains("git/base"))
            #expect(await intents(fleet)["dns"] == Self.dns)
            let circle = await fleet.orchestrator.answer(
                .source(SourceRequest(add: SourceSpec(name: "base", url: base.folder, after: ["edge"]))))
            guard case .failure(let failure) = circle else { throw Unexpected("a circle was taken") }
            #expect(failure.code == .badInput)
        }
    }

    @Test("Signed commits alone are taken where they are asked for")
    func signed() async throws {
        try await withTwoDevices { fleet in
            let repository = try await GitRepository()
            let signers = try await repository.signBySSH()
            let good = try await repository.commit(["dns.yaml": Self.dns], options: ["-S"])
            try await add(
                SourceSpec(name: "net", url: repository.folder, signature: SignatureDemand(.ssh, keys: signers)),
                to: fleet)
            await applied(good, fleet)
            let unsigned = try await repository.commit(["web.yaml": Self.web])
            try await sync(fleet)
            #expect(try await refused(unsigned, fleet).reason == .notSigned)
            #expect(await intents(fleet) == ["dns": Self.dns])
            let shown = try await view(fleet)
            #expect(shown.conditions.contains { $0.type == "Verified" && $0.status == .no })
            // A signed one on top vouches for what is below it.
            let again = try await repository.commit(options: ["-S"])
            try await sync(fleet)
            await applied(again, fleet)
            #expect(await intents(fleet).count == 2)
        }
    }

    @Test("A source reaches the devices alone that who added it may reach; viewers and operators add none")
    func rights() async throws {
        try await withTwoDevices { fleet in
            let repository = try await GitRepository()
            let commit = try await repository.commit(["dns.yaml": Self.dns])
            let request = APIRequest.source(SourceRequest(add: SourceSpec(name: "net", url: repository.folder)))
            for role in [OperatorRole.view, .operate] {
                let caller = Caller(name: "eve", means: .token, from: "here", role: role)
                guard case .failure(let failure) = await fleet.orchestrator.answer(request, by: caller) else {
                    throw Unexpected("taken")
                }
                #expect(failure.code == .notPermitted)
            }
            let paris = Caller(
                name: "pat", means: .token, from: "here", role: .administer, scope: LabelScope(["site": "paris"]))
            guard case .sources = await fleet.orchestrator.answer(request, by: paris) else { throw Unexpected("no") }
            let stall = try await refused(commit, fleet)
            #expect(stall.reason == .notPermitted && stall.message.contains("site=paris"))
            #expect(await intents(fleet).isEmpty)
        }
    }

    @Test("A source that is removed leaves its intents to operators, or withdraws them")
    func removed() async throws {
        try await withTwoDevices { fleet in
            let repository = try await GitRepository()
            let commit = try await repository.commit(["dns.yaml": Self.dns, "web.yaml": Self.web])
            try await add(SourceSpec(name: "net", url: repository.folder), to: fleet)
            await applied(commit, fleet)
            _ = await fleet.orchestrator.answer(.source(SourceRequest(.remove, "net")))
            #expect(await intents(fleet).count == 2)
            guard case .applied = await fleet.apply(Self.dnsMasked) else { throw Unexpected("refused") }
            try await add(SourceSpec(name: "net", url: repository.folder), to: fleet)
            await applied(commit, fleet)
            #expect(await intents(fleet)["dns"] == Self.dns)
            _ = await fleet.orchestrator.answer(.source(SourceRequest(.remove, "net", withdraw: true)))
            #expect(await intents(fleet).isEmpty)
        }
    }
}
