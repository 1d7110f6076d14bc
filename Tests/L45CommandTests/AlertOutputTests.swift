import ArgumentParser
import Foundation
import L45Model
import Testing

@testable import L45Command

@Suite("Alerts on the screen")
struct AlertOutputTests {
    private static let device = DeviceID("5e50000000000000000000000000000a")

    private func alert(_ state: Alert.State = .open) -> AlertView {
        var alert = Alert(
            AlertID(12),
            AlertFinding(
                .tagForged, AlertSubject(device: Self.device, module: ModuleID(0x2a)), .critical,
                expected: "every message with the identification of edition 3 of dns/0 is authentic",
                seen: "resolver-1 received 7 with a wrong authenticator or label since 2026-09-21T14:00:00Z"),
            at: Fleet.ago(300))
        alert.lastSeen = Fleet.ago(12)
        alert.count = 3
        alert.state = state
        if state != .open {
            alert.acknowledgedBy = "alice@ops"
            alert.acknowledgedAt = Fleet.ago(60)
            alert.note = "on it"
        }
        if state == .resolved {
            alert.resolvedAt = Fleet.ago(5)
            alert.resolution = "none came for 10m"
        }
        return AlertView(alert, deviceName: "resolver-1")
    }

    @Test("A row says how bad, what about, what was seen and how often")
    func table() {
        #expect(
            AlertsTable.table([alert()], now: Fleet.now).text() == """
                ID  SEVERITY  STATE  KIND        ABOUT                               SEEN                                                          COUNT  SINCE  LAST
                12  critical  open   tag-forged  resolver-1 module/000000000000002a  resolver-1 received 7 with a wrong authenticator or label...  3      5m     12s
                """)
        let wide = AlertsTable.table([alert(.acknowledged)], now: Fleet.now, wide: true)
        #expect(wide.columns.suffix(3) == ["EXPECTED", "ACKNOWLEDGED BY", "NOTE"])
        #expect(wide.rows[0].suffix(2).map(\.text) == ["alice@ops", "on it"])
    }

    @Test("A page says what was expected, what was seen, who looks after it, and the way out")
    func describe() {
        #expect(
            DescribeAlert.text(alert(.acknowledged), events: [], now: Fleet.now, .plain) == """
                Alert         12
                Kind          tag-forged
                Severity      critical
                State         acknowledged
                Device        resolver-1 (5e50000000000000000000000000000a)
                Module        000000000000002a
                Expected      every message with the identification of edition 3 of dns/0 is authentic
                Seen          resolver-1 received 7 with a wrong authenticator or label since 2026-09-21T14:00:00Z
                First         2026-09-21T14:08:20.000Z, 5m ago
                Last          2026-09-21T14:13:08.000Z, 12s ago
                Occasions     3
                Acknowledged  by alice@ops, 60s ago
                Note          on it
                Way out       somebody on the path tries tags or changes tagged messages: look at who sends them, and rotate
                Events
                  <none>
                """)
        let over = DescribeAlert.text(alert(.resolved), events: [], now: Fleet.now, .plain)
        #expect(over.contains("Resolved      5s ago: none came for 10m"))
        #expect(!over.contains("Way out"))
    }

    @Test("JSON reads back, and names are such as other verbs take")
    func json() throws {
        let listing = Listing.alerts([alert(.resolved)])
        #expect(try JSONDecoder().decode([AlertView].self, from: Data(listing.json.utf8)) == [alert(.resolved)])
        #expect(listing.names == ["alert/12"])
        #expect(try AlertIDs.of(["alert/12", "7", "12"]) == [AlertID(12), AlertID(7)])
        for bad in ["0", "-1", "x", "alert/", "12x"] {
            #expect(throws: ValidationError.self, "\(bad)") { try AlertIDs.of([bad]) }
        }
    }

    @Test("Every kind of the monitor has a way out")
    func advice() {
        for kind in AlertKind.ofMonitor { #expect(kind.advice != nil, "\(kind)") }
    }

    @Test("get alerts asks for what its options say, and refuses options of others")
    func options() async throws {
        for (arguments, words) in [
            (["get", "devices", "--severity", "critical"], "--severity and --state are for alerts"),
            (["get", "alerts", "--limit", "0"], "--limit is 1 to 1000"),
            (["get", "alerts", "x"], "'x' is no alert's number"),
            (["get", "alerts", "--severity", "bad"], "bad"),
            (["alerts", "acknowledge"], "id"),
            (["alerts", "acknowledge", "x"], "'x' is no alert's number"),
            (["nco", "--alert-webhook", "https://x/"], "--alert-webhook needs --alert-webhook-secret"),
            (["nco", "--alert-argument", "x"], "--alert-argument is for the program"),
            (["nco", "--alert-rate", "0"], "--alert-rate 0 is not within 1 to 1000"),
        ] {
            let error = #expect(throws: (any Error).self, "\(arguments)") { try L45.parseAsRoot(arguments) }
            #expect(error.map { L45.fullMessage(for: $0) }?.contains(words) == true, "\(arguments)")
        }
        let found = alert()
        let orchestrator = FakeOrchestrator { request in
            guard case .alerts(let query) = request else { return .failure(APIFailure(.internalError, "no")) }
            return .alerts(query.ids.isEmpty || query.ids == [AlertID(12)] ? [found] : [])
        }
        try await serving(orchestrator) { socket in
            let arguments = ["get", "alerts", "--state", "all", "--severity", "warning", "--device", "resolver-1"]
            let outcome = try await Binary.run(arguments + ["-o", "name", "--server", socket])
            #expect(outcome.output == "alert/12\n" && outcome.status == 0)
        }
        #expect(
            orchestrator.asked == [
                .alerts(
                    AlertQuery(states: Set(Alert.State.allCases), severity: .warning, device: "resolver-1", limit: 1000)
                )
            ])
    }

    @Test("acknowledge says what became of it, and a resolved alert is a refusal with status 4")
    func acknowledge() async throws {
        let theirs = alert(.acknowledged)
        let orchestrator = FakeOrchestrator { request in
            guard case .handleAlerts(let request) = request else { return .failure(APIFailure(.internalError, "no")) }
            return request.ids == [AlertID(12)]
                ? .alerts([theirs]) : .failure(APIFailure(.conflict, "alert 13 was resolved"))
        }
        try await serving(orchestrator) { socket in
            let done = try await Binary.run(
                ["alerts", "acknowledge", "alert/12", "--note", "on it", "--server", socket])
            #expect(done.status == 0)
            #expect(done.output.contains("was acknowledged before, by alice@ops"))
            let refused = try await Binary.run(["alerts", "resolve", "13", "--server", socket])
            #expect(refused.status == 4 && refused.errors.contains("alert 13 was resolved"))
        }
        guard case .handleAlerts(let first)? = orchestrator.asked.first else {
            Issue.record("not asked")
            return
        }
        #expect(first.verb == .acknowledge && first.note == "on it" && first.by.contains("@"))
    }
}
