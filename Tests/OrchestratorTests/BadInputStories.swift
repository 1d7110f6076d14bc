import Inventory
import KernelTap
import L45Model
import Orchestrator
import Testing

/// What operators most often ask for and cannot have. Each is refused with the reason, the line and the nearest thing that
/// would work, and nothing of what runs has moved.
@Suite("Bad input leaves what runs as it is")
struct BadInputStories {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What is applied.
        let text: String
        let message: String
        let diagnostics: [String]
    }

    static let cases = [
        Case(
            testDescription: "a schedule shorter than the drain bound",
            text: tagDNS + "\n  - rotate dialect every 90s\n",
            message: "the intents cannot be rolled out as they say; nothing was changed",
            diagnostics: [
                """
                intents.yaml:6:5: error: a rotation every 90s comes before the one before can be over: it takes more than 2m \
                (the drain bound of 2m)
                   6 |   - rotate dialect every 90s
                     |     ^~~~~~~~~~~~~~~~~~~~~~~~ the shortest that fits is 'every 3m'
                """
            ]),
        Case(
            testDescription: "a canary larger than the fleet",
            text: tagDNS + "\n  - roll out in waves 5, rest\n",
            message: "the intents cannot be rolled out as they say; nothing was changed",
            diagnostics: [
                """
                intents.yaml:6:23: error: a wave of 5 devices is larger than the fleet: 'dns' has 1 at the larger end of a flow
                   6 |   - roll out in waves 5, rest
                     |                       ^ there is one device: leave the waves out
                """
            ]),
        Case(
            testDescription: "a posture that refers to a missing intent",
            text: tagDNS + "\n---\nname: cpcon\nintent:\n  - threat level CPCON4\n  - use dsn from CPCON3\n",
            message: "the intents do not fit the fleet; nothing was changed",
            diagnostics: [
                """
                intents.yaml:10:9: error: there is no intent 'dsn'
                  10 |   - use dsn from CPCON3
                     |         ^~~ did you mean 'dns'?
                """
            ]),
        Case(
            testDescription: "a plan that cannot be proved",
            text: tagDNS.replacing(
                "- tag dig DNS",
                with: "- tag: {application: dig, transport: udp, port: 53, server: {addresses: [192.0.2.80]}}"),
            message: "the plan cannot be proved; nothing was changed",
            diagnostics: [
                """
                intents.yaml:5:5: error: flow dns/0: not every peer can decode: 1 client would send it to 192.0.2.80, where the \
                fleet knows 'web-1' alone, and no decoder is there
                   5 |   - tag: {application: dig, transport: udp, port: 53, server: {addresses: [192.0.2.80]}}
                     |     ^~~ select it with 'servers:', or leave the address out of 'server: {addresses: ...}'
                """
            ]),
    ]

    @Test("Refused by apply, by a dry run and by plan, in the same words; nothing that is kept or runs has moved")
    func refused() async throws {
        try await withTwoDevices(drainBound: .seconds(120)) { fleet in
            try await fleet.add("web-1", role: "web", address: "192.0.2.80")
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: .first)
            let before = try await State(fleet)
            for bad in Self.cases {
                let planned = await fleet.orchestrator.answer(
                    .plan(PlanRequest(sources: [APISource(origin: "intents.yaml", text: bad.text)])))
                for answer in [await fleet.apply(bad.text), await fleet.apply(bad.text, dryRun: true), planned] {
                    guard case .failure(let failure) = answer else { throw Unexpected("taken: \(bad.testDescription)") }
                    #expect(failure.code == .badInput, "\(bad.testDescription)")
                    #expect(failure.message == bad.message)
                    #expect(failure.diagnostics == bad.diagnostics)
                }
                #expect(try await State(fleet) == before, "\(bad.testDescription)")
            }
            // What is refused stands in nobody's way: the next word is taken.
            guard case .applied = await fleet.apply(tagDNS + "\n  - rotate dialect every 3m\n") else {
                throw Unexpected("refused")
            }
        }
    }

    @Test("Without any device a plan is refused with what to do first, and nothing is kept")
    func noDevices() async throws {
        let fleet = try await TestFleet()
        let answer = await fleet.orchestrator.answer(
            .plan(PlanRequest(sources: [APISource(origin: "intents.yaml", text: tagDNS)], inventoryDevices: 24)))
        let kept = try fleet.orchestrator.inventory.intents()
        await fleet.stop()
        guard case .failure(let failure) = answer else { throw Unexpected("taken: \(answer)") }
        #expect(failure.code == .badInput)
        #expect(failure.message == "the intents do not fit the fleet; nothing was changed")
        #expect(
            failure.diagnostics == [
                """
                intents.yaml:2:10: error: intent 'dns' selects no clients: no device is enrolled
                   2 | clients: {role: workstation}
                     |          ^ run 'l45 token create' here and 'l45 agent' on the devices first
                """,
                """
                intents.yaml:3:10: error: intent 'dns' selects no servers: no device is enrolled
                   3 | servers: {role: resolver}
                     |          ^ run 'l45 token create' here and 'l45 agent' on the devices first
                """,
            ])
        #expect(kept.isEmpty)
    }

    /// All that an apply could move: what the CIB holds, what is shown, what the taps run.
    private struct State: Equatable {
        let records: [IntentRecord]
        let plans: [DeviceID: DevicePlan]
        let tables: [DeviceID: DeviceTable]
        let statuses: [FlowName: RolloutStatus]
        let standing: PostureStanding?
        let taps: [String: DeviceTable?]

        init(_ fleet: TestFleet) async throws {
            let kept = try fleet.orchestrator.inventory.fleet()
            records = kept.intents
            plans = kept.plans
            tables = kept.tables
            standing = kept.posture
            statuses = await fleet.orchestrator.fleet.statuses
            taps = fleet.taps.mapValues(\.table)
        }
    }
}
