import Foundation
import GRDB
import L45Model
import Testing

@testable import Inventory

@Suite("Alerts in the CIB")
struct AlertTests {
    private let folder: TemporaryFolder
    private let cib: Inventory

    init() throws {
        folder = try TemporaryFolder()
        cib = try Inventory(folder: folder.cib)
    }

    private func alert(_ id: UInt64, _ state: Alert.State = .open) -> Alert {
        var alert = Alert(
            AlertID(id),
            AlertFinding(
                .tagForged, .device(deviceID(Int(id))), .critical, expected: "none", seen: "\(id) forged"), at: noon)
        alert.state = state
        return alert
    }

    private func news(_ place: UInt64) -> AlertNews {
        AlertNews(place: place, at: noon, what: .opened, alert: alert(place))
    }

    @Test("They are stored with their news, changed in their place, and read by the next orchestrator")
    func stored() throws {
        try cib.record(alerts: [alert(1), alert(2)], news: [news(1), news(2)])
        var changed = alert(1)
        changed.count = 7
        changed.state = .acknowledged
        changed.acknowledgedBy = "alice@ops"
        try cib.record(alerts: [changed, alert(2, .resolved)], news: [news(3)])
        try cib.close()
        let next = try Inventory(folder: folder.cib)
        #expect(try next.alerts() == StoredAlerts(unresolved: [changed], lastID: 2, lastPlace: 3))
        #expect(try next.alert(AlertID(2))?.state == .resolved)
        #expect(try next.alert(AlertID(3)) == nil)
        #expect(try next.latestAlerts(10, states: [.resolved]).map(\.id.rawValue) == [2])
        #expect(try next.alertNews(after: 1, limit: 10).news.map(\.place) == [2, 3])
    }

    @Test("Resolved ones and news are bounded, the oldest go; one that is open stays however old")
    func bounded() throws {
        try cib.record(alerts: [alert(1)], news: [])
        for id in UInt64(2)...20 {
            try cib.record(alerts: [alert(id, .resolved)], news: [news(id)], resolvedMax: 5, newsMax: 4)
        }
        #expect(
            try cib.latestAlerts(100, states: Set(Alert.State.allCases)).map(\.id.rawValue) == [1, 16, 17, 18, 19, 20])
        let (kept, first) = try cib.alertNews(after: 0, limit: 100)
        #expect(kept.map(\.place) == [17, 18, 19, 20])
        #expect(first == 17)
        #expect(try cib.damagedRows().isEmpty)
    }

    @Test("How far a sink has come is kept by its name, with what was held back; sinks that are gone are forgotten")
    func sinks() throws {
        var standing = AlertSinkStanding(place: 9, missed: 2)
        standing.windows[.tagForged] = AlertSinkStanding.Window(began: noon, told: 10, heldBack: 3, last: AlertID(8))
        try cib.record(standing, of: "syslog:/dev/log")
        try cib.record(AlertSinkStanding(place: 4), of: "command:/bin/page")
        #expect(
            try cib.alertSinks() == ["syslog:/dev/log": standing, "command:/bin/page": AlertSinkStanding(place: 4)])
        try cib.keepOnly(sinks: ["syslog:/dev/log"])
        #expect(try cib.alertSinks() == ["syslog:/dev/log": standing])
        #expect(try cib.alerts().lastPlace == 9)
    }

    @Test("A row that was changed behind our back is left out and told of, and the rest is read")
    func damaged() throws {
        try cib.record(alerts: [alert(1), alert(2)], news: [news(1), news(2)])
        try cib.record(AlertSinkStanding(place: 2), of: "syslog:/dev/log")
        try cib.pool.writeWithoutTransaction { db in
            for (table, column, old, new) in [
                ("alert", "content", "critical", "notice"), ("alert_news", "content", "critical", "notice"),
                ("alert_sink", "standing", "2", "3"),
            ] {
                try db.execute(sql: "DROP TRIGGER seal_\(table)_update")
                try db.execute(sql: "UPDATE \(table) SET \(column) = replace(\(column), '\(old)', '\(new)')")
            }
        }
        let stored = try cib.alerts()
        #expect(stored.unresolved.isEmpty)
        #expect(stored.lastID == 2)
        #expect(stored.damaged.count == 4)
        #expect(stored.damaged.first == "the alert '1'")
        #expect(try cib.alertNews(after: 0, limit: 10).news.isEmpty)
        #expect(try cib.alertSinks().isEmpty)
        #expect(throws: InventoryError.self) { try cib.alert(AlertID(1)) }
        #expect(try cib.damagedRows().contains("the standing of the alerts' sink 'syslog:/dev/log'"))
    }
}
