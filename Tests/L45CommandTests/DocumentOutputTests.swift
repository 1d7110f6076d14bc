import Foundation
import L45Model
import Testing

@testable import L45Command

@Suite("Output for programs, as it is run")
struct DocumentOutputTests {
    private func asked(_ arguments: String..., input: String = "") async throws -> Binary.Outcome {
        try await serving(FakeOrchestrator.fleet()) { socket in
            try await Binary.run(arguments + ["--server", socket], input: input)
        }
    }

    @Test("get prints what a template says of the answer; an empty answer is no complaint")
    func get() async throws {
        let outcome = try await asked(
            "get", "devices", "-o", "jsonpath={range .items[*]}{.name}={.link}{\"\\n\"}{end}")
        #expect(outcome.status == 0)
        #expect(outcome.output == "client-1=connected\nresolver-1=away\nfresh=away\n")
        let none = try await serving(FakeOrchestrator { _ in .devices([]) }) { socket in
            try await Binary.run(["get", "devices", "-o", "jsonpath={[*].name}", "--server", socket])
        }
        #expect(none.status == 0 && none.errors.isEmpty && none.output == "\n")
    }

    @Test("A template or a format that is none is told before anybody is asked")
    func mistakes() async throws {
        let template = try await Binary.run(["get", "devices", "-o", "jsonpath={[*}"])
        #expect(template.status == 2)
        #expect(template.errors.contains("in the template, at character 4: ']' is expected, not '}'"))
        let format = try await Binary.run(["get", "devices", "-o", "xml"])
        #expect(format.status == 2)
        #expect(format.errors.contains("there are table, wide, json, yaml, name and jsonpath=TEMPLATE"))
    }

    @Test("describe gives programs one object, with what belongs to the thing beside it")
    func describe() async throws {
        let ready = try await asked(
            "describe", "intent", "intent/dns", "-o",
            "jsonpath={.intent.conditions[?(@.type==\"Ready\")].reason} {.modules[*].id} {.rollouts[0].phase}")
        #expect(
            ready.output == "DevicesAway 000000000000002a 000000000000002b 000000000000003a flip-clients\n")
        let object = try await asked("describe", "device", "client-1", "-o", "json")
        let read = try JSONDecoder().decode(JSONValue.self, from: Data(object.output.utf8))
        guard case .object(let fields) = read else { throw CocoaError(.fileReadCorruptFile) }
        #expect(fields.keys.sorted() == ["device", "events", "modules"])
        #expect(try await asked("describe", "device", "client-1", "-o", "name").output == "device/\(Fleet.client.id)\n")
        #expect(try await asked("describe", "module", "2a", "-o", "yaml").output.hasPrefix("module:\n"))
    }

    @Test("-l also selects intents and rollouts, and is refused where nothing has a device's labels")
    func selector() async throws {
        let service = FakeOrchestrator.fleet()
        _ = try await serving(service) { socket in
            try await Binary.run(["get", "intents", "-l", "role=client", "--server", socket])
        }
        #expect(service.asked == [.get(ResourceQuery(.intents, selector: ["role": "client"]))])
        _ = try await serving(service) { socket in
            try await Binary.run(
                ["get", "modules", "-l", "role=client,site in (a, b),!spare", "-l", "rack", "--server", socket])
        }
        var query = ResourceQuery(.modules, selector: ["role": "client"])
        query.requirements = LabelSelector([
            LabelSelector.Requirement(label: "site", rule: .isOne(of: ["a", "b"])),
            LabelSelector.Requirement(label: "spare", rule: .absent),
            LabelSelector.Requirement(label: "rack", rule: .present),
        ])
        #expect(service.asked.last == .get(query))
        let outcome = try await Binary.run(["get", "alerts", "-l", "role=client"])
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("-l selects by devices' labels"))
    }

    private static func result(_ outcome: ApplyResult.Outcome, dryRun: Bool) -> ApplyResult {
        ApplyResult(
            dryRun: dryRun,
            intents: [
                ApplyResult.Intent(name: Fleet.dns, outcome: outcome, revision: Generation(1)),
                ApplyResult.Intent(name: IntentName("web"), outcome: .unchanged, revision: Generation(3)),
            ])
    }

    private func applied(_ arguments: [String], _ outcome: ApplyResult.Outcome) async throws -> Binary.Outcome {
        let service = FakeOrchestrator { request in
            guard case .apply(let apply) = request else { return .failure(APIFailure(.malformed, "no apply")) }
            return .applied(Self.result(outcome, dryRun: apply.dryRun))
        }
        return try await serving(service) { socket in
            try await Binary.run(
                arguments + ["-f", "-", "--server", socket], input: "{name: dns, intent: [tag dig DNS]}\n")
        }
    }

    @Test("apply tells programs what became of each intent, and by -o name which ones changed")
    func apply() async throws {
        #expect(try await applied(["apply", "-o", "name"], .created).output == "intent/dns\n")
        let json = try await applied(["apply", "-o", "json"], .configured)
        let read = try JSONDecoder().decode(ApplyResult.self, from: Data(json.output.utf8))
        #expect(read == Self.result(.configured, dryRun: false))
        let path = try await applied(["apply", "-o", "jsonpath={.intents[*].outcome}"], .created)
        #expect(path.output == "created unchanged\n")
    }

    @Test("A dry run is the server's unless it is the client's, which asks nobody")
    func dryRun() async throws {
        for flag in ["--dry-run", "--dry-run=server"] {
            let outcome = try await applied(["apply", flag], .created)
            #expect(outcome.output == "intent/dns created (dry run)\nintent/web unchanged\n")
        }
        let here = try await Binary.run(
            ["apply", "--dry-run=client", "-f", "-", "--server", "/tmp/nobody.sock"],
            input: "{name: dns, intent: [tag dig DNS]}\n")
        #expect(here.status == 0 && here.output == "intent/dns parses (dry run, nobody asked)\n")
        let mistake = try await Binary.run(
            ["apply", "--dry-run=client", "-f", "-"], input: "name: dns\nintent:\n  - tga dig DNS\n")
        #expect(mistake.status == 2 && mistake.errors.hasPrefix("-:3:5: error: "))
        let nowhere = try await Binary.run(["apply", "--dry-run=there", "-f", "-"])
        #expect(nowhere.status == 2)
        #expect(nowhere.errors.contains("a dry run is at the server or at the client"))
    }

    @Test("diff as a document exits 1 when something differs, and 0 with a document when nothing does")
    func diff() async throws {
        let some = try await applied(["diff", "-o", "jsonpath={.intents[0].outcome}"], .configured)
        #expect(some.status == 1 && some.output == "configured\n")
        let none = try await applied(["diff", "-o", "json"], .unchanged)
        #expect(none.status == 0)
        #expect(
            try JSONDecoder().decode(ApplyResult.self, from: Data(none.output.utf8))
                == Self.result(.unchanged, dryRun: true))
        let quiet = try await applied(["diff"], .unchanged)
        #expect(quiet.status == 0 && quiet.output.isEmpty)
    }

    @Test("events is get events; a device may be named as people name it")
    func events() async throws {
        let service = FakeOrchestrator { request in
            switch request {
            case .get: .devices([Fleet.resolver])
            default: .events(Fleet.events)
            }
        }
        let outcome = try await serving(service) { socket in
            try await Binary.run(
                ["events", "device/resolver-1", "--limit", "5", "-o", "jsonpath={[*].id}", "--server", socket])
        }
        #expect(outcome.output == "41 42\n")
        #expect(
            service.asked == [
                .get(ResourceQuery(.devices, names: ["resolver-1"])),
                .events(EventQuery(subject: "device/\(Fleet.resolver.id)", limit: 5)),
            ])
    }

    @Test("logs prints a line an event, with times in full and devices by name")
    func logs() async throws {
        let outcome = try await asked("logs")
        #expect(
            outcome.output == """
                2026-09-21T14:12:50.000Z info intent/dns rotation began by='schedule at 6h' epoch=4
                2026-09-21T14:13:08.000Z alert device/resolver-1 device went away

                """)
        #expect(try await asked("logs", "--severity", "alert").output.split(separator: "\n").count == 1)
        #expect(try await asked("logs", "--since", "10m").output.isEmpty)
    }

    @Test("tree goes from the intent down to its sockets, and says how each stands")
    func tree() async throws {
        let outcome = try await asked("tree", "intent", "dns")
        let text = outcome.output.replacing(/for [0-9]+[smhd]/, with: "for a while")
        #expect(
            text == """
                intent dns  revision 2, edition 4, not ready: resolver-1 is away
                └─ plan dns/0  edition 4, flip-clients for a while
                   ├─ device client-1  connected, generation 7
                   │  ├─ module 000000000000002a  client, edition 3, active, wants standby; sent 5000, received 4998; datagram tag, 32 bytes at the front, label 'dig'
                   │  │  └─ socket udp dig/* any > 192.0.2.53:53  2 sockets open
                   │  │     └─ flow udp 10.0.0.5:41234 > 192.0.2.53:53 (dig/isc-net-0000)
                   │  └─ module 000000000000002b  client, edition 4, absent, wants active; sent 0, received 0; datagram tag, 32 bytes at the front, label 'dig'
                   │     └─ socket udp dig/* any > 192.0.2.53:53  0 sockets open
                   └─ device resolver-1  away, generation 6, wants 7; waited for: has not confirmed generation 7 (last report 6, 15 s ago)
                      └─ module 000000000000003a  server, edition 3, deprecated, wants to go; sent 0, received 0; datagram tag, 32 bytes at the front, label 'dig'
                         └─ socket udp dig/* any > 192.0.2.53:53  0 sockets open

                """)
        let json = try await asked("tree", "intent", "-o", "jsonpath={[0].children[*].children[*].name}")
        #expect(json.output == "client-1 resolver-1\n")
    }

    @Test("tree of a device goes from the device to what it runs, intent by intent")
    func deviceTree() async throws {
        #expect(
            DeviceTree.tree(Fleet.client, modules: Array(Fleet.modules.prefix(2)), paths: []).text(.plain) == """
                device client-1  connected, generation 7
                └─ intent dns  2 modules, 2 not as told
                   ├─ module 000000000000002a  client, edition 3, active, wants standby; sent 5000, received 4998; datagram tag, 32 bytes at the front, label 'dig'
                   │  └─ socket udp dig/* any > 192.0.2.53:53  2 sockets open
                   │     └─ flow udp 10.0.0.5:41234 > 192.0.2.53:53 (dig/isc-net-0000)
                   └─ module 000000000000002b  client, edition 4, absent, wants active; sent 0, received 0; datagram tag, 32 bytes at the front, label 'dig'
                      └─ socket udp dig/* any > 192.0.2.53:53  0 sockets open
                """)
        let names = try await asked("tree", "device", "-o", "name")
        #expect(names.output == Fleet.devices.map { "device/\($0.id)\n" }.joined())
        let states = try await asked("tree", "device", "client-1", "-o", "jsonpath={[0].kind} {[0].children[0].name}")
        #expect(states.output == "device dns\n")
    }

    @Test("A selector with a mistake is told with a caret, and nobody is asked")
    func selectorMistake() async throws {
        let outcome = try await Binary.run(["get", "devices", "-l", "role in web", "--server", "/tmp/nobody.sock"])
        #expect(outcome.status == 2)
        #expect(
            outcome.errors == """
                -l:1:9: error: 'in' takes a list in parentheses
                   1 | role in web
                     |         ^~~ write 'role in (a,b)'
                l45: the selector has a mistake

                """)
    }
}
