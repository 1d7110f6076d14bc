import Inventory
import KernelTap
import L45Model
import Orchestrator
import Testing

@Suite("Levels, from YAML and from the command, over real TLS")
struct PostureStories {
    private static let intents =
        tagDNS.replacing("name: dns", with: "name: weak") + "\n---\n"
        + tagDNS.replacing("name: dns", with: "name: strong").replacing("dig DNS", with: "dig DNS at end")
    private static let posture = """
        name: cpcon
        intent:
          - threat level CPCON4
          - use weak from CPCON4 to CPCON3
          - use strong from CPCON2
        """
    private let all = intents + "\n---\n" + posture

    private func view(_ fleet: TestFleet) async throws -> PostureView {
        let answer = await fleet.orchestrator.answer(.get(ResourceQuery(.posture)))
        guard case .posture(let postures) = answer else { throw Unexpected("\(answer)") }
        return try #require(postures.first)
    }

    /// Waits for the taps' word.
    private func reached(_ fleet: TestFleet, _ level: String) async throws -> PostureView {
        for _ in 0..<2000 {
            let view = try await view(fleet)
            if view.level.rawValue == level, view.isReached, view.waiting.isEmpty { return view }
            await Task.yield()
            try await Task.sleep(for: .milliseconds(5))
        }
        throw Unexpected("\(level) is not reached: \(try await view(fleet))")
    }

    private func set(_ fleet: TestFleet, _ level: String?) async throws -> LevelResult {
        let answer = await fleet.orchestrator.answer(
            .setLevel(LevelRequest(level: level.map { PostureLevel($0) }, by: "alice@ops")))
        guard case .level(let result) = answer else { throw Unexpected("\(answer)") }
        return result
    }

    private func states(_ fleet: TestFleet, of device: String) -> [String] {
        (fleet.taps[device]?.table?.modules ?? []).map { "\($0.plan.intent) \($0.plan.epoch) \($0.state.rawValue)" }
            .sorted()
    }

    @Test("All is installed ahead; a command flips who sends, and --back flips it back; the time is measured")
    func upAndDown() async throws {
        try await withTwoDevices { fleet in
            guard case .applied = await fleet.apply(all) else { throw Unexpected("refused") }
            let low = try await reached(fleet, "CPCON4")
            #expect(low.via == .document)
            #expect(low.by == "intents.yaml")
            #expect(low.levels.map(\.devices) == [2, 0, 0, 2, 2])
            #expect(states(fleet, of: "laptop") == ["strong 1 standby", "weak 1 active"])

            let up = try await set(fleet, "cpcon2")
            #expect(up.from == PostureLevel("CPCON4"))
            #expect(up.begins == [IntentName("strong")])
            #expect(up.rests == [IntentName("weak")])
            #expect(up.devices == 2)
            let high = try await reached(fleet, "CPCON2")
            #expect(high.via == .command)
            #expect(high.by == "alice@ops")
            #expect(high.tookMilliseconds != nil)
            for device in ["laptop", "dns-1"] {
                #expect(states(fleet, of: device) == ["strong 1 active", "weak 1 standby"])
            }
            #expect(try await set(fleet, "CPCON2").changed == false)

            _ = try await set(fleet, nil)
            _ = try await reached(fleet, "CPCON4")
            #expect(states(fleet, of: "dns-1") == ["strong 1 standby", "weak 1 active"])
            let answer = await fleet.orchestrator.answer(.events(EventQuery(subject: "posture/cpcon")))
            guard case .events(let events) = answer else { throw Unexpected("\(answer)") }
            #expect(events.filter { $0.message == "level changed" }.count == 2)
            #expect(events.filter { $0.message == "level reached" }.count == 3)
        }
    }

    @Test(
        "A level that a command set outlives the orchestrator, and an apply of the same document; a new word of the document wins, and says over whom"
    )
    func lastWriter() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(all)
            _ = try await reached(fleet, "CPCON4")
            _ = try await set(fleet, "CPCON1")
            _ = try await reached(fleet, "CPCON1")
            try await fleet.restartOrchestrator()
            #expect(try await view(fleet).by == "alice@ops")
            guard case .applied(let same) = await fleet.apply(all) else { throw Unexpected("refused") }
            #expect(same.warnings.count == 1)
            #expect(
                same.warnings.joined().contains("the level stays at CPCON1, set by 'l45 threat-level' of alice@ops"))
            #expect(try await reached(fleet, "CPCON1").declared == PostureLevel("CPCON4"))

            let word = all.replacing("threat level CPCON4", with: "threat level CPCON3")
            guard case .applied(let other) = await fleet.apply(word) else { throw Unexpected("refused") }
            #expect(other.warnings.joined().contains("goes from CPCON1, set by 'l45 threat-level' of alice@ops"))
            let view = try await reached(fleet, "CPCON3")
            #expect(view.via == .document)
            #expect(view.previous == PostureLevel("CPCON1"))
        }
    }

    @Test("A document that moves the level alone: a dry run lists the devices, and what each of them would change")
    func levelDiff() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(all)
            _ = try await reached(fleet, "CPCON4")
            let word = all.replacing("threat level CPCON4", with: "threat level CPCON2")
            guard case .applied(let diff) = await fleet.apply(word, dryRun: true) else { throw Unexpected("refused") }
            #expect(diff.devices.map(\.deviceName) == ["dns-1", "laptop"])
            let told = diff.devices.map { device in
                device.modules.map { "\($0.flow) \($0.fields.map { "\($0.name) \($0.from) -> \($0.to)" })" }
            }
            let expected = [
                "strong/0 [\"part standby -> in force\"]", "weak/0 [\"part in force -> standby\"]",
            ]
            #expect(told == [expected, expected])
            // Up by one, where nothing moves, no device is listed.
            let near = all.replacing("threat level CPCON4", with: "threat level CPCON3")
            guard case .applied(let none) = await fleet.apply(near, dryRun: true) else { throw Unexpected("refused") }
            #expect(none.differs && none.devices.isEmpty)
            #expect(try await view(fleet).level == PostureLevel("CPCON4"))
            #expect(states(fleet, of: "laptop") == ["strong 1 standby", "weak 1 active"])
        }
    }

    @Test("Whoever asks why a level is not reached is told the device, since when, and what is done about it")
    func why() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(all)
            _ = try await reached(fleet, "CPCON4")
            await fleet.remove("dns-1")
            _ = try await set(fleet, "CPCON2")
            let waiting = try await view(fleet).waiting
            let away = try #require(waiting.first { $0.deviceName == "dns-1" }, "\(waiting)")
            #expect(away.reason.hasPrefix("is away since"))
            #expect(away.since != nil && away.next == "gets its table when it is back")
        }
    }

    @Test("An intent at rest rotates, and is called in its newest edition")
    func restingRotation() async throws {
        try await withTwoDevices { fleet in
            _ = await fleet.apply(all)
            _ = try await reached(fleet, "CPCON4")
            _ = await fleet.steer(.rotate, IntentName("strong"))
            await fleet.settled(IntentName("strong"), epoch: Epoch(2))
            #expect(states(fleet, of: "laptop") == ["strong 2 standby", "weak 1 active"])
            _ = try await set(fleet, "CPCON2")
            _ = try await reached(fleet, "CPCON2")
            #expect(states(fleet, of: "laptop") == ["strong 2 active", "weak 1 standby"])
        }
    }

    @Test("What would leave the levels without what they name, or free what rests, is refused, and the level stays")
    func refusals() async throws {
        try await withTwoDevices { fleet in
            func refused(_ answer: APIResponse, _ text: String) throws {
                guard case .failure(let failure) = answer else { throw Unexpected("taken: \(answer)") }
                let said = ([failure.message, failure.hint ?? ""] + failure.diagnostics).joined(separator: "\n")
                #expect(said.contains(text), "\(said)")
            }
            let orchestrator = fleet.orchestrator
            try refused(await fleet.apply(Self.posture), "intents.yaml:4:9: error: there is no intent 'weak'")
            try refused(
                await orchestrator.answer(.setLevel(LevelRequest(level: PostureLevel("CPCON2"), by: "x"))), "no posture"
            )
            _ = await fleet.apply(all)
            _ = try await reached(fleet, "CPCON4")
            try refused(
                await orchestrator.answer(.setLevel(LevelRequest(level: PostureLevel("CPCON9"), by: "x"))),
                "no level 'CPCON9'")
            try refused(
                await orchestrator.answer(.delete(DeleteRequest(intents: [IntentName("weak")]))),
                "there is no intent 'weak'")
            try refused(
                await orchestrator.answer(.delete(DeleteRequest(intents: [IntentName("cpcon")]))),
                "would come into force")
            try refused(await fleet.apply(Self.intents, prune: true), "would come into force")
            #expect(states(fleet, of: "laptop") == ["strong 1 standby", "weak 1 active"])
            #expect(try await view(fleet).level == PostureLevel("CPCON4"))

            let everything = ["cpcon", "weak", "strong"].map { IntentName($0) }
            _ = await orchestrator.answer(.delete(DeleteRequest(intents: everything)))
            await orchestrator.waitUntil { $0.statuses.isEmpty }
            #expect(fleet.modules(of: "laptop") == [])
        }
    }
}
