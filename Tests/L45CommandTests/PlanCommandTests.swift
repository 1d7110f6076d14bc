import Foundation
import L45Model
import Simulation
import Testing

@testable import L45Command

@Suite("l45 plan, as it is run")
struct PlanCommandTests {
    private static let source = "name: dns\nclients: {role: client}\nservers: {role: resolver}\nintent: tag dig DNS\n"

    /// A plan that begins one flow.
    private static func result(inventory: PlanInventory? = nil) -> PlanResult {
        let plan = DevicePlan(device: Fleet.client.id, modules: [Fleet.plan(1, epoch: 1, role: .client)])
        return PlanResult(
            change: ApplyResult(
                dryRun: true,
                intents: [ApplyResult.Intent(name: Fleet.dns, outcome: .created, revision: Generation(1))],
                warnings: ["-:4:9: warning: something that stops nothing"],
                devices: [DeviceDiff(deviceName: "client-1", from: nil, to: plan)].compactMap { $0 }),
            rotations: [
                PlanRotation(flow: Fleet.flow, from: nil, to: .first, clients: 1, servers: 1),
                PlanRotation(
                    flow: FlowName("web/0"), from: .first, to: Epoch(2), clients: 3, servers: 1, waves: "1, rest",
                    leastSeconds: 150),
                PlanRotation(flow: FlowName("old/0"), from: Epoch(7), to: nil, clients: 2, servers: 1),
            ],
            proofs: [
                PlanProof(.roundTrip, "dns/0", .proved, "94 messages came back as they were"),
                PlanProof(.identity, "dns/0", .odds, "one is taken for the dialect's with odds of 1 in 2^96"),
            ], inventory: inventory)
    }

    private static let same = PlanResult(
        change: ApplyResult(
            dryRun: true,
            intents: [ApplyResult.Intent(name: Fleet.dns, outcome: .unchanged, revision: Generation(1))]),
        rotations: [], proofs: [])

    private func run(_ response: APIResponse, _ more: String...) async throws -> Binary.Outcome {
        try await serving(FakeOrchestrator { _ in response }) { socket in
            try await Binary.run(["plan", "-f", "-", "--server", socket] + more, input: Self.source)
        }
    }

    @Test("What would change, what would start, what is proved; warnings beside it; and nothing is asked but the plan")
    func text() async throws {
        let service = FakeOrchestrator { _ in .planned(Self.result()) }
        let outcome = try await serving(service) { socket in
            try await Binary.run(
                ["plan", "-f", "-", "--prune", "--mtu", "1280", "--server", socket], input: Self.source)
        }
        #expect(outcome.status == 0)
        #expect(outcome.errors == "-:4:9: warning: something that stops nothing\n")
        #expect(
            outcome.output == """
                + intent/dns
                device/client-1
                  + dns/0 client  udp dig/* any > 192.0.2.53:53  datagram tag, 32 bytes at the front, label 'dig'
                rotations
                  FLOW   EDITION        CLIENTS  SERVERS  GOES              TAKES AT LEAST
                  dns/0  begins with 1  1        1        at once           <none>
                  web/0  1 -> 2         3        1        in waves 1, rest  150s
                  old/0  7 ends         2        1        at once           <none>
                proofs
                  VERDICT  OF     WHAT        EVIDENCE
                  proved   dns/0  round trip  94 messages came back as they were
                  odds     dns/0  identity    one is taken for the dialect's with odds of 1 in 2^96

                """)
        #expect(
            service.asked == [
                .plan(
                    PlanRequest(
                        sources: [APISource(origin: "-", text: Self.source)], prune: true, mtuBytes: 1280,
                        inventoryDevices: 0))
            ])
    }

    @Test("A plan is a document too: whole, by a template, or the names of what changes")
    func documents() async throws {
        let flows = try await run(
            .planned(Self.result()), "-o", "jsonpath={range .plan.rotations[*]}{.flow} {end}")
        #expect(flows.output == "dns/0 web/0 old/0 \n")
        #expect(try await run(.planned(Self.result()), "-o", "name").output == "intent/dns\n")
        #expect(try await run(.planned(Self.result()), "-o", "yaml").output.hasPrefix("plan:\n"))
        #expect(try await run(.planned(Self.result()), "-o", "text").output.hasPrefix("+ intent/dns\n"))
        let none = try await run(.planned(Self.result()), "-o", "toml")
        #expect(none.status == 2 && none.errors.contains("'toml' is no format"))
    }

    @Test("0 planned or nothing to do, 2 bad input, 3 nobody there, 4 refused; in detail 0, 1 and 2")
    func statuses() async throws {
        let nothing = try await run(.planned(Self.same))
        #expect(nothing.status == 0 && nothing.output == "nothing would change\n")
        #expect(try await run(.planned(Self.result())).status == 0)
        #expect(try await run(.failure(APIFailure(.badInput, "no"))).status == 2)
        #expect(try await run(.failure(APIFailure(.notPermitted, "no"))).status == 4)
        let nobody = try await Binary.run(["plan", "-f", "-", "--server", "/tmp/nobody.sock"], input: "x")
        #expect(nobody.status == 3)

        #expect(try await run(.planned(Self.same), "--detailed-exitcode").status == 0)
        #expect(try await run(.planned(Self.result()), "--detailed-exitcode").status == 2)
        let error = try await run(.failure(APIFailure(.notPermitted, "you may not")), "--detailed-exitcode")
        #expect(error.status == 1)
        #expect(error.errors == "l45: you may not\n")
    }

    @Test("What cannot be carried or proved is shown with its line, and no plan beside it")
    func refused() async throws {
        let outcome = try await run(
            .failure(
                APIFailure(
                    .badInput, "the intents do not fit the fleet; nothing was changed",
                    diagnostics: [
                        """
                        -:2:10: error: intent 'dns' selects no clients: no device is enrolled
                           2 | clients: {role: client}
                             |          ^ run 'l45 token create' here and 'l45 agent' on the devices first
                        """
                    ])), "--simulate")
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(
            outcome.errors == """
                -:2:10: error: intent 'dns' selects no clients: no device is enrolled
                   2 | clients: {role: client}
                     |          ^ run 'l45 token create' here and 'l45 agent' on the devices first
                l45: the intents do not fit the fleet; nothing was changed

                """)
    }

    @Test(
        "Options that make no sense are refused before anybody is asked",
        arguments: [
            (["--mtu", "500"], "--mtu is 576 to 65535 bytes."),
            (["--seeds", "9"], "--seeds, --seed, --devices and --seconds are for --simulate."),
            (["--simulate", "--devices", "1"], "--seeds is 1 to 10000, --devices 2 to 1000, --seconds 1 to 3600."),
        ])
    func usage(options: [String], complaint: String) async throws {
        let outcome = try await Binary.run(["plan", "-f", "-", "--server", "/tmp/nobody.sock"] + options, input: "x")
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains(complaint), "\(outcome.errors)")
    }

    // MARK: --simulate

    private static func device(_ number: Int, _ role: String) -> Device {
        Device(
            id: DeviceID("id\(number)"),
            facts: DeviceFacts(
                name: "host\(number)", labels: ["role": role],
                addresses: [AddressBlock("10.9.0.\(number)")].compactMap { $0 }))
    }

    private static func inventory(_ source: String) -> PlanInventory {
        PlanInventory(
            devices: [device(1, "client"), device(2, "resolver")], devicesAll: 5, devicesConcerned: 2, before: [],
            after: [IntentRecord(name: Fleet.dns, source: source, origin: "-")], touched: [Fleet.dns],
            drainBound: .seconds(3))
    }

    @Test("--simulate tries the change on the devices that came along, and shows it under the plan")
    func simulate() async throws {
        let service = FakeOrchestrator { _ in .planned(Self.result(inventory: Self.inventory(Self.source))) }
        let outcome = try await serving(service) { socket in
            try await Binary.run(
                [
                    "plan", "-f", "-", "--simulate", "--seeds", "1", "--devices", "2", "--seconds", "600",
                    "--server", socket,
                ],
                input: Self.source)
        }
        #expect(outcome.status == 0, "\(outcome.errors)")
        guard case .plan(let request)? = service.asked.first else {
            Issue.record("not asked for a plan")
            return
        }
        #expect(request.inventoryDevices == 2)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        let at = try #require(lines.firstIndex(of: "simulation"))
        #expect(lines[..<at].contains("proofs"))
        let fields = lines[(at + 1)...].map { $0.split(separator: " ").joined(separator: " ") }
        #expect(fields[0] == "simulated 1 of 1 seed from 1 on")
        #expect(fields[1] == "devices 2, a sample of 5 (2 are concerned); 1 intent")
        #expect(fields[2].hasPrefix("rotations 1 of 1 came to its end, the slowest change in "), "\(fields[2])")
        #expect(fields[3].hasPrefix("mixed versions "), "\(fields[3])")
        #expect(fields.last == "violations 0")

        let json = try await serving(service) { socket in
            try await Binary.run(
                [
                    "plan", "-f", "-", "--simulate", "--seeds", "1", "--seconds", "600", "-o", "json", "--server",
                    socket,
                ],
                input: Self.source)
        }
        let document = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        let trial = try #require(document?["simulation"] as? [String: Any])
        #expect(trial["rotationsDone"] as? Int == 1)
        #expect((trial["violations"] as? [String])?.isEmpty == true)
        let plan = try #require(document?["plan"] as? [String: Any])
        #expect(plan["inventory"] == nil, "what the double is made of is no part of the plan")
    }

    @Test("Where nobody would speak, the plan is shown and the trial refused, with what may help")
    func nothingToTry() async throws {
        let monitor = Self.source.replacing("tag dig", with: "monitor dig")
        let outcome = try await run(
            .planned(Self.result(inventory: Self.inventory(monitor))), "--simulate", "--seeds", "1")
        #expect(outcome.status == 2)
        #expect(outcome.output.hasPrefix("+ intent/dns\n"))
        #expect(!outcome.output.contains("simulation"))
        #expect(
            outcome.errors.hasSuffix(
                """
                l45: the change cannot be simulated: no two of the 2 devices have a dialect to speak before or after the change
                     more --devices may help, or plan without --simulate

                """), "\(outcome.errors)")
    }

    @Test("A plan that would change nothing is not tried")
    func nothingToDo() async throws {
        var same = Self.same
        same.inventory = Self.inventory(Self.source)
        let outcome = try await run(.planned(same), "--simulate")
        #expect(outcome.status == 0)
        #expect(outcome.output == "nothing would change\n")
    }

    @Test("One of each is said as one of each; a violation is complained of with its seed, an unfinished change too")
    func words() throws {
        var report = try JSONDecoder().decode(TrialReport.self, from: Data(Self.told.utf8))
        #expect(
            TrialText.text(report, .plain) == """
                simulation
                  simulated       1 of 1 seed from 7 on
                  devices         2, a sample of 9 (1 is concerned); 1 intent
                  rotations       1 of 1 came to its end, the slowest change in 4.2 s of virtual time (drain bound 3.0 s)
                  mixed versions  1.5 s at worst (dns/0, seed 7); 1 window, 1 message delivered in it
                  messages        40 delivered, 30 in a dialect, 1 byte of streams
                  faults          1 death, 1 reboot, 1 line cut
                  violations      0
                """)
        #expect(report.isWell)
        report.violations = ["seed 7, at 12 ms: host1 sends edition 2, which host2 does not understand"]
        #expect(!report.isWell)
        #expect(TrialText.complaint(report) == report.violations[0])
        report.violations = []
        report.unfinished = [7]
        #expect(
            TrialText.complaint(report)
                == "the change did not come to its end in 6 hours of virtual time, seed 7")
        report.windows = 2
        report.messagesMixed = 3
        #expect(TrialText.text(report, .plain).contains("2 windows, 3 messages delivered in them"))
    }

    private static let told = """
        {"seedFirst": 7, "seedsAsked": 1, "seedsTold": 1, "isCutShort": false, "devices": 2, "devicesConcerned": 1,
         "devicesAll": 9, "intents": 1, "drainBoundSeconds": 3, "rotations": 1, "rotationsAsked": 1, "rotationsDone": 1,
         "windows": 1, "worstWindow": {"seconds": 1.5, "flow": "dns/0", "seed": 7}, "longestSeconds": 4.2,
         "virtualSeconds": 60, "messages": 40, "messagesInDialect": 30, "messagesMixed": 1, "streamBytes": 1,
         "deaths": 1, "reboots": 1, "cuts": 1, "violations": [], "unfinished": []}
        """
}
