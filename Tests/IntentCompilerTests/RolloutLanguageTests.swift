import IntentCompiler
import L45Model
import Testing

@Suite("How a new edition goes round, as it is written")
struct RolloutLanguageTests {
    static func source(_ items: String...) -> String {
        (["name: dns", "intent:", "  - tag dig DNS"] + items.map { "  - \($0)" }).joined(separator: "\n") + "\n"
    }

    static func parse(_ items: String...) -> ParseResult {
        let text = (["name: dns", "intent:", "  - tag dig DNS"] + items.map { "  - \($0)" }).joined(separator: "\n")
        return IntentParser.parse(IntentSource(origin: "dns.yaml", text: text + "\n"))
    }

    let wanted = RolloutStrategy(
        waves: [.count(1), .percent(10), .label("site", "lab"), .rest], soak: .seconds(300),
        budget: RolloutStrategy.Budget(undecoded: 3, dropped: 10), deadline: .seconds(7200),
        maxUnavailable: .percent(20))

    @Test(
        "One phrase, two phrases and the long form say the same",
        arguments: [
            [
                "rotate dialect every 6h in waves 1, 10%, site=lab, rest; soak 5m; halt at 3 undecoded, 10 dropped; "
                    + "deadline 2h; max 20% unavailable"
            ],
            [
                "rotate dialect every 6h",
                "roll out in waves 1,10%,site=lab,rest soak 5m halt at 3 undecoded 10 dropped max 20% unavailable "
                    + "deadline 2h",
            ],
            [
                "rotate: {every: 6h}",
                "rollout: {waves: [1, 10%, site=lab, rest], soak: 5m, halt: {undecoded: 3, dropped: 10}, "
                    + "deadline: 2h, max unavailable: 20%}",
            ],
        ])
    func forms(items: [String]) throws {
        let text = (["name: dns", "intent:", "  - tag dig DNS"] + items.map { "  - \($0)" }).joined(separator: "\n")
        let result = IntentParser.parse(IntentSource(origin: "dns.yaml", text: text + "\n"))
        let intent = try #require(result.intents.first, "\(result.diagnostics.rendered())")
        #expect(intent.rollout == wanted)
        #expect(intent.rotation == Rotation(every: .seconds(21_600)))
        // What explain prints reads back as the same.
        let again = IntentParser.parse(IntentSource(origin: "-", text: explain(intent)))
        #expect(again.intents.first?.rollout == wanted, "\(again.diagnostics.rendered())")
        #expect(again.intents.first?.rotation == intent.rotation)
    }

    @Test("A rotation by the calendar, as a phrase and in the long form")
    func calendar() throws {
        let timing = RotationTiming.cron(try CronSchedule("0 3 * * mon-fri"))
        for item in [
            "rotate dialect at \"0 3 * * mon-fri\" with jitter 30m; in waves 1, rest; soak 1m",
            "rotate: {at: \"0 3 * * mon-fri\", jitter: 30m}",
        ] {
            let result = Self.parse(item)
            let intent = try #require(result.intents.first, "\(result.diagnostics.rendered())")
            #expect(intent.rotation == Rotation(timing, jitter: .seconds(1800)))
            let again = IntentParser.parse(IntentSource(origin: "-", text: explain(intent)))
            #expect(again.intents.first?.rotation == intent.rotation, "\(again.diagnostics.rendered())")
        }
    }

    @Test(
        "What can not be is refused at its word",
        arguments: [
            ("roll out in waves 1, rest, 10%", "4:26", "'rest' leaves nothing for a wave after it"),
            (
                "roll out in waves 50%, 10%, rest", "4:28",
                "a wave says how far the rollout has come: 10% after 50% adds nobody"
            ),
            ("roll out in waves 0, rest", "4:23", "a wave is a whole number from 1 to 1000000, not 0"),
            (
                "roll out in waves 1, many", "4:26",
                "a wave is a number of devices, a share, a label or 'rest', not 'many'"
            ),
            ("roll out soak 5m", "4:19", "a soak lies between waves, and this rollout has one alone"),
            ("roll out in waves 1; halt at 3", "4:34", "3 of what?"),
            (
                "roll out in waves 1; halt at 3 undecodable", "4:36",
                "what halts a rollout is 'undecoded', 'dropped' or 'plain', not 'undecodable'"
            ),
            ("roll out", "4:5", "this phrase does not say how to roll out"),
            ("rotate dialect at \"0 25 * * *\"", "4:23", "'25' is no hour of a schedule"),
            ("rotate: {at: \"0 3 * * *\", every: 6h}", "4:14", "'every' and 'at' both say when"),
            (
                "rotate dialect at \"0 * * * *\" with jitter 2h", "4:47",
                "a jitter of 2h is not less than the least time between two rotations of 1h"
            ),
            ("rollout: {waves: 3}", "4:22", "'waves' is a list, not '3'"),
            ("rollout: {maxUnavailable: 3}", "4:15", "'rollout' has no key 'maxUnavailable'"),
        ])
    func mistakes(item: String, place: String, message: String) {
        let found = Self.parse(item).diagnostics
        #expect(found.first.map { "\($0.line):\($0.column)" } == place, "\(found.rendered())")
        #expect(found.first?.message == message)
        #expect(found.count == 1)
    }

    // MARK: against a fleet

    func problems(_ item: String, drainBound: Span = .seconds(120)) throws -> [String] {
        let text = """
            name: dns
            clients: {role: workstation}
            servers: {role: resolver}
            intent:
              - tag dig DNS
              - \(item)

            """
        let result = IntentParser.parse(IntentSource(origin: "dns.yaml", text: text))
        let intent = try #require(result.intents.first, "\(result.diagnostics.rendered())")
        let compiled = IntentCompiler.compile(
            CompilerInput(
                entries: [CompilerInput.Entry(intent, epoch: .first)], devices: Fleet.all, rootSecret: Fleet.root))
        let flows = try #require(compiled.summaries.first).flows
        return RolloutCheck.problems(intent, flows: flows, devices: Fleet.all, drainBound: drainBound)
            .map { $0.rendered() }
    }

    @Test("A schedule shorter than the drain bound is refused, with the shortest that fits")
    func shortSchedule() throws {
        #expect(
            try problems("rotate dialect every 90s") == [
                """
                dns.yaml:6:5: error: a rotation every 90s comes before the one before can be over: it takes more than 2m \
                (the drain bound of 2m)
                   6 |   - rotate dialect every 90s
                     |     ^~~~~~~~~~~~~~~~~~~~~~~~ the shortest that fits is 'every 3m'
                """
            ])
        #expect(try problems("rotate dialect every 3m").isEmpty)
        #expect(try problems("rotate dialect at \"* * * * *\"").first?.contains("a rotation every 1m comes") == true)
        // Soaks count: three of them, at the clients' two waves and the servers'.
        let soaked = try problems("rotate dialect every 30m in waves 1, rest; soak 10m")
        #expect(soaked.first?.contains("it takes more than 32m (3 soaks of 10m and the drain bound of 2m)") == true)
        #expect(soaked.first?.contains("'every 33m'") == true)
    }

    @Test("A canary larger than the fleet is refused at its word, with the largest that works")
    func largeCanary() throws {
        let workstations = Fleet.all.filter { $0.facts.labels["role"] == "workstation" }.count
        let found = try problems("roll out in waves 500, rest")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("dns.yaml:6:23: error: a wave of 500 devices is larger than the fleet") == true)
        #expect(found.first?.contains("'dns' has \(workstations) at the larger end") == true)
        #expect(try problems("roll out in waves 1, rest").isEmpty)
    }

    @Test("A label that no device has makes no canary")
    func emptyLabel() throws {
        let found = try problems("roll out in waves role=workstaton, rest")
        #expect(found.first?.contains("no device of 'dns' has role=workstaton, so this wave is empty") == true)
        #expect(found.first?.contains("did you mean 'workstation'?") == true)
    }

    @Test("A deadline that the drain alone would break is refused")
    func shortDeadline() throws {
        let found = try problems("roll out in waves 1, rest; deadline 1m")
        #expect(found.first?.contains("a deadline of 1m is over before the rollout can be") == true)
        #expect(found.first?.contains("'deadline 3m'") == true)
    }
}
