import GitFixture
import Inventory
import L45Model
import Testing

@testable import Orchestrator

@Suite("Whose an intent is: pipelines, operators, schedules, repositories")
struct OwnershipStories {
    private let dns = IntentName("dns")
    private let other = tagDNS.replacing("tag dig DNS", with: "tag dig DNS at end")
    private let web = tagDNS.replacing("name: dns", with: "name: web").replacing("dig DNS", with: "curl DNS on port 54")

    private var alice: Caller { Caller(name: "alice", means: .token, from: "192.0.2.7:4711", role: .administer) }

    private func apply(
        _ yaml: String, as manager: String?, to fleet: TestFleet, force: Bool = false, prune: Bool = false,
        dryRun: Bool = false
    ) async -> APIResponse {
        await fleet.orchestrator.answer(
            .apply(
                ApplyRequest(
                    sources: [APISource(origin: "intents.yaml", text: yaml)], prune: prune, dryRun: dryRun,
                    force: force, manager: manager)), by: alice)
    }

    private func applied(_ response: APIResponse) throws -> ApplyResult {
        guard case .applied(let result) = response else { throw Unexpected("\(response)") }
        return result
    }

    private func refusal(_ response: APIResponse) throws -> APIFailure {
        guard case .failure(let failure) = response else { throw Unexpected("not refused: \(response)") }
        return failure
    }

    private func view(_ fleet: TestFleet, _ name: String = "dns") async throws -> IntentView {
        let answer = await fleet.orchestrator.answer(.get(ResourceQuery(.intents, names: [name])))
        guard case .intents(let views) = answer else { throw Unexpected("\(answer)") }
        return try #require(views.first)
    }

    private func steer(_ verb: RolloutRequest.Verb, _ fleet: TestFleet) async throws -> RolloutResult {
        let answer = await fleet.orchestrator.answer(.rollout(RolloutRequest(verb, dns)), by: alice)
        guard case .rollout(let result) = answer else { throw Unexpected("\(answer)") }
        return result
    }

    /// A pass now, as one that any other change would cause.
    private func pass(_ fleet: TestFleet, _ turn: Int) async throws {
        let answer = await fleet.orchestrator.answer(
            .setLabels(LabelRequest(device: "laptop", set: ["turn": "\(turn)"], remove: [])))
        guard case .device = answer else { throw Unexpected("\(answer)") }
    }

    @Test("The second of two pipelines is refused, told whose it is and what to do, and takes over by force")
    func twoPipelines() async throws {
        try await withTwoDevices { fleet in
            _ = try applied(await apply(tagDNS, as: "a", to: fleet))
            let failure = try refusal(await apply(other, as: "b", to: fleet))
            #expect(failure.code == .conflict)
            #expect(failure.message.hasPrefix("intent 'dns' is held by 'a': revision 1, of alice, at 20"))
            #expect(failure.message.hasSuffix("; nothing was changed"))
            #expect(
                failure.hint
                    == "leave it to 'a', speak as it with --field-manager 'a', or take it over with --force")
            let dry = try applied(await apply(other, as: "b", to: fleet, dryRun: true))
            #expect(dry.warnings.contains { $0.hasSuffix("an apply of this is refused without --force") })
            for (manager, warned) in [("a", false), ("b", true)] {
                let answer = await fleet.orchestrator.answer(
                    .plan(
                        PlanRequest(sources: [APISource(origin: "intents.yaml", text: other)], manager: manager)))
                guard case .planned(let plan) = answer else { throw Unexpected("\(answer)") }
                #expect(plan.change.warnings.contains { $0.contains("is held by 'a'") } == warned)
            }
            #expect(try await view(fleet).owner(.document)?.owner == "a")
            #expect(try await view(fleet).revision == Generation(1))

            // What is on record is on the disk.
            try await fleet.restartOrchestrator()
            _ = try refusal(await apply(other, as: "b", to: fleet))
            _ = try applied(await apply(other, as: "b", to: fleet, force: true))
            let owner = try #require(try await view(fleet).owner(.document))
            #expect(owner.owner == "b" && owner.by == "alice" && owner.note == "revision 2, from intents.yaml")
            let answer = await fleet.orchestrator.answer(.events(EventQuery(subject: "intent/dns")))
            guard case .events(let events) = answer else { throw Unexpected("\(answer)") }
            let taken = try #require(events.first { $0.message == "intent taken over" })
            #expect(taken.facts == ["from": "a", "to": "b", "of": "alice"])
            #expect(try refusal(await apply(tagDNS, as: "a", to: fleet)).message.contains("held by 'b'"))
        }
    }

    @Test("The same document by another is no conflict, and takes nothing; forced, it takes the intent over")
    func sameDocument() async throws {
        try await withTwoDevices { fleet in
            _ = try applied(await apply(tagDNS, as: "a", to: fleet))
            #expect(try applied(await apply(tagDNS, as: "b", to: fleet)).intents.map(\.outcome) == [.unchanged])
            #expect(try await view(fleet).owner(.document)?.owner == "a")
            _ = try applied(await apply(tagDNS, as: "b", to: fleet, force: true))
            #expect(try await view(fleet).owner(.document)?.owner == "b")
            let trail = try fleet.orchestrator.inventory.auditTrail(AuditQuery()).map(\.entry)
            #expect(trail.last?.objects.contains("intent/dns taken over") == true)
            #expect(try fleet.orchestrator.inventory.verifyAudit(known: nil).fault == nil)
        }
    }

    @Test("Operators are one hand, with 'l45 apply', 'l45 edit' or without a name; a pipeline is another")
    func byHand() async throws {
        try await withTwoDevices { fleet in
            _ = try applied(await apply(tagDNS, as: "l45 apply", to: fleet))
            _ = try applied(await apply(other, as: "l45 edit", to: fleet))
            _ = try applied(await apply(tagDNS, as: nil, to: fleet))
            #expect(try await view(fleet).owner(.document)?.owner == "operator")
            let failure = try refusal(await apply(other, as: "ci", to: fleet))
            #expect(failure.message.hasPrefix("intent 'dns' is held by operators, by hand: revision 3, of alice"))
            _ = try applied(await apply(other, as: "ci", to: fleet, force: true))
            #expect(try refusal(await apply(tagDNS, as: "l45 edit", to: fleet)).message.contains("held by 'ci'"))
            #expect(try refusal(await apply(tagDNS, as: "git/net", to: fleet)).message.contains("a git source"))
        }
    }

    @Test("A prune leaves what others hold in place and says so; to withdraw it takes its own name, or force")
    func prune() async throws {
        try await withTwoDevices { fleet in
            _ = try applied(await apply(tagDNS, as: "a", to: fleet))
            _ = try applied(await apply(web, as: "b", to: fleet))
            let pruned = try applied(await apply(web, as: "b", to: fleet, prune: true))
            #expect(pruned.intents.map(\.outcome) == [.unchanged])
            #expect(pruned.warnings.count == 1)
            #expect(pruned.warnings.first?.hasPrefix("warning: intent 'dns' is held by 'a'") == true)
            #expect(pruned.warnings.first?.hasSuffix("it stays; --force withdraws it too") == true)

            let byHand = await fleet.orchestrator.answer(.delete(DeleteRequest(intents: [dns])))
            #expect(try refusal(byHand).message.contains("held by 'a'"))
            guard
                case .deleted = await fleet.orchestrator.answer(
                    .delete(DeleteRequest(intents: [dns], manager: "a")))
            else { throw Unexpected("not deleted") }
            // Withdrawn, it is nobody's.
            _ = try applied(await apply(tagDNS, as: "b", to: fleet))
            #expect(try await view(fleet).owner(.document)?.owner == "b")
            let last = try applied(await apply(tagDNS, as: nil, to: fleet, force: true, prune: true))
            #expect(last.intents.map(\.outcome) == [.unchanged, .pruned])
        }
    }

    @Test("An undo says when the schedule rotates again, and it does then; a pause holds it, and says so")
    func undoAndSchedule() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(tagDNS + "\n  - rotate dialect every 6h\n")
            await fleet.settled(dns, epoch: Epoch(1))
            let rotated = try await steer(.rotate, fleet)
            #expect(rotated.schedule?.state == .counting && rotated.schedule?.afterUndo == false)
            await fleet.settled(dns, epoch: Epoch(2))
            #expect(try await view(fleet).owner(.edition)?.owner == "l45 rollout rotate")

            let undone = try await steer(.undo, fleet)
            let schedule = try #require(undone.schedule)
            #expect(schedule.state == .counting && schedule.afterUndo && schedule.rotates == "every 6h")
            let next = try #require(schedule.next)
            #expect(abs((next.timestamp - (fleet.clock.now + .seconds(6 * 3600))).milliseconds) < 60_000)
            #expect(
                schedule.sentence(dns, now: fleet.clock.now)
                    == "its schedule (every 6h) rotates again at \(next), to a new edition; 'l45 rollout pause dns' holds it"
            )
            await fleet.settled(dns, epoch: Epoch(1))
            let edition = try #require(try await view(fleet).owner(.edition))
            #expect(edition.owner == "l45 rollout undo" && edition.by == "alice")
            #expect(edition.note.hasPrefix("epoch 1; its schedule (every 6h) rotates again at "))

            // At its time it does what was said, under a secret that served nobody.
            fleet.clock.set(forward: .seconds(6 * 3600))
            try await pass(fleet, 1)
            await fleet.settled(dns, epoch: Epoch(3))
            #expect(try await view(fleet).owner(.edition)?.owner == "schedule")
            #expect(try await view(fleet).schedule?.afterUndo == false)

            _ = try await steer(.undo, fleet)
            await fleet.settled(dns, epoch: Epoch(1))
            let paused = try await steer(.pause, fleet)
            #expect(paused.schedule?.state == .held)
            fleet.clock.set(forward: .seconds(12 * 3600))
            try await pass(fleet, 2)
            let held = try await view(fleet)
            #expect(held.epoch == Epoch(1) && held.schedule?.state == .held)
            #expect(held.owner(.pause)?.owner == "l45 rollout pause" && held.owner(.pause)?.by == "alice")
            #expect(held.conditions.contains { $0.type == "Paused" && $0.message.contains("its schedule is held") })
            let answer = await fleet.orchestrator.answer(.get(ResourceQuery(.rollouts, intent: dns)))
            guard case .rollouts(let rollouts) = answer else { throw Unexpected("\(answer)") }
            let said = rollouts.flatMap { $0.conditions ?? [] }.first { $0.type == "Paused" }
            #expect(said?.message == "its schedule is held too; 'l45 rollout resume dns' goes on")
            #expect(said?.since != nil)
            let resumed = try await steer(.resume, fleet)
            #expect(resumed.schedule?.state == .due || resumed.epoch == Epoch(4))
            await fleet.settled(dns, epoch: Epoch(4))
        }
    }

    @Test("An undo of a pipeline's document says whose next apply brings it back, and takes it from nobody")
    func undoOfDocument() async throws {
        try await withTwoDevices { fleet in
            _ = try applied(await apply(tagDNS, as: "ci", to: fleet))
            _ = try applied(await apply(other, as: "ci", to: fleet))
            let undone = try await steer(.undo, fleet)
            #expect(
                undone.notes == [
                    "its document goes back too: revision 3 says what intents.yaml said before",
                    "'ci' holds it: its next apply brings its own document again",
                ])
            #expect(undone.schedule == nil)
            let owner = try #require(try await view(fleet).owner(.document))
            #expect(owner.owner == "ci" && owner.by == "alice")
            #expect(owner.note == "revision 3, from intents.yaml, come back to by 'l45 rollout undo'")
            _ = try applied(await apply(other, as: "ci", to: fleet))
            #expect(try await view(fleet).owner(.document)?.note == "revision 4, from intents.yaml")
        }
    }

    @Test(
        "What a repository keeps is its own, whoever wrote it before or writes it by force; an undo says what becomes of it"
    )
    func repository() async throws {
        try await withTwoDevices { fleet in
            _ = try applied(await apply(tagDNS, as: "ci", to: fleet))
            let repository = try await GitRepository()
            let commit = try await repository.commit(["dns.yaml": other])
            var spec = SourceSpec(name: "net", url: repository.folder)
            spec.drift = .keep
            guard case .sources = await fleet.orchestrator.answer(.source(SourceRequest(add: spec))) else {
                throw Unexpected("not added")
            }
            await fleet.orchestrator.waitUntilSources { $0.entries["net"]?.stored.standing.applied == commit }
            let kept = try await view(fleet)
            #expect(kept.manager == "git/net" && kept.owner(.document)?.owner == "git/net")
            #expect(try refusal(await apply(tagDNS, as: "ci", to: fleet)).message.contains("kept by git/net"))
            let answer = await fleet.orchestrator.answer(.events(EventQuery(subject: "source/net")))
            guard case .events(let events) = answer else { throw Unexpected("\(answer)") }
            #expect(events.first { $0.message == "intent taken over" }?.facts["from"] == "ci")

            let undone = try await steer(.undo, fleet)
            #expect(undone.notes?.last == "git/net keeps it, and says otherwise: this holds until its next commit")
            let drifted = try #require(try await view(fleet).owner(.document))
            #expect(drifted.owner == "git/net" && drifted.by == "alice")
            #expect(drifted.note.hasSuffix("come back to by 'l45 rollout undo', not as git/net says"))

            // Followed no more, its intents are operators'.
            _ = await fleet.orchestrator.answer(.source(SourceRequest(.remove, "net")))
            _ = try applied(await apply(other, as: "ci", to: fleet))
            #expect(try await view(fleet).owner(.document)?.owner == "ci")
        }
    }

    @Test("Where a level decides whether an intent is in force, its owner says who set it: the document, or a command")
    func level() async throws {
        try await withTwoDevices { fleet in
            let posture = "name: cpcon\nintent:\n  - threat level CPCON4\n  - use dns from CPCON2\n"
            _ = try applied(await apply(tagDNS + "\n---\n" + posture, as: "ci", to: fleet))
            let document = try #require(try await view(fleet).owner(.level))
            #expect(document.owner == "document" && document.by == "intents.yaml")
            #expect(document.note == "CPCON4, standing by; in force from CPCON2")
            _ = await fleet.orchestrator.answer(.setLevel(LevelRequest(level: PostureLevel("CPCON2"), by: "bob@ops")))
            let command = try #require(try await view(fleet).owner(.level))
            #expect(command.owner == "l45 threat-level" && command.by == "bob@ops")
            #expect(command.note == "CPCON2, in force; in force from CPCON2")
            let shown = try await view(fleet, "cpcon")
            #expect(shown.owner(.level)?.note == "CPCON2; the document says CPCON4")
            #expect(shown.owner(.document)?.owner == "ci")
            let answer = await fleet.orchestrator.answer(.get(ResourceQuery(.posture)))
            guard case .posture(let postures) = answer, let posture = postures.first else {
                throw Unexpected("\(answer)")
            }
            let declared = try #require(posture.conditions?.first { $0.type == "AsDeclared" })
            #expect(declared.status == .no && declared.reason == "Command" && declared.since != nil)
            #expect(declared.message == "CPCON2, set by 'l45 threat-level' of bob@ops; the document says CPCON4")
            #expect(posture.conditions?.first?.type == "Reached")
            #expect(shown.owner(.edition) == nil)
        }
    }

    @Test("What a CIB of before has no hands for is anybody's, and a named tool that applies it as it is holds it then")
    func unknown() async throws {
        try await withTwoDevices { fleet in
            _ = try applied(await apply(tagDNS, as: "a", to: fleet))
            try fleet.orchestrator.inventory.record(hands: [dns: IntentHands()])
            try await fleet.restartOrchestrator()
            #expect(try await view(fleet).owner(.document) == nil)
            _ = try applied(await apply(tagDNS, as: "l45 apply", to: fleet))
            #expect(try await view(fleet).owner(.document) == nil)
            _ = try applied(await apply(tagDNS, as: "b", to: fleet))
            #expect(try await view(fleet).owner(.document)?.owner == "b")
        }
    }
}
