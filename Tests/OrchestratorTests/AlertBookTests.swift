import Inventory
import L45Model
import Orchestrator
import Testing

@Suite("The book of alerts")
struct AlertBookTests {
    private static let noon = Timestamp(1_790_000_000_000)
    private static let kind = AlertKind.tagForged

    private func finding(
        _ device: String = "d1", _ severity: AlertSeverity = .warning, seen: String = "3 forged"
    ) -> AlertFinding {
        AlertFinding(Self.kind, .device(DeviceID(device)), severity, expected: "none", seen: seen)
    }

    private func key(_ device: String = "d1") -> AlertKey { finding(device).key }

    @Test("What happens again is one alert with a higher count, told once; another device is another alert")
    func duplicates() throws {
        var book = AlertBook()
        #expect(book.raise(finding(), now: Self.noon).map(\.message) == ["alert opened"])
        #expect(book.raise(finding(seen: "5 forged"), now: Self.noon + .seconds(9)).isEmpty)
        _ = book.raise(finding("d2"), now: Self.noon)
        let alert = try #require(book.open[key()])
        #expect(alert.count == 2)
        #expect(alert.seen == "5 forged")
        #expect(alert.firstSeen == Self.noon)
        #expect(alert.lastSeen == Self.noon + .seconds(9))
        #expect(book.changes.alerts.map(\.id.rawValue) == [1, 2])
        #expect(book.changes.news.map(\.what) == [.opened, .opened])
        #expect(book.changes.news.map(\.place) == [1, 2])
    }

    @Test("What gets worse is told again, and does not get better by itself")
    func worse() {
        var book = AlertBook()
        _ = book.raise(finding(), now: Self.noon)
        _ = book.raise(finding(.init("d1"), .critical), now: Self.noon)
        _ = book.raise(finding(.init("d1"), .notice), now: Self.noon)
        #expect(book.open[key()]?.severity == .critical)
        #expect(book.changes.news.map(\.what) == [.opened, .worsened])
    }

    @Test("An acknowledged alert stays, counts on, and keeps its first name; resolved it makes room for a new one")
    func life() throws {
        var book = AlertBook()
        _ = book.raise(finding(), now: Self.noon)
        let first = book.acknowledge(AlertID(1), by: "alice@ops", note: "on it", now: Self.noon)
        #expect(first?.events.map(\.message) == ["alert acknowledged"])
        let again = book.acknowledge(AlertID(1), by: "bob@ops", note: nil, now: Self.noon)
        #expect(again?.events == [] && again?.alert.acknowledgedBy == "alice@ops")
        _ = book.raise(finding(), now: Self.noon)
        #expect(book.open[key()]?.state == .acknowledged)
        #expect(book.open[key()]?.count == 2)

        _ = book.resolve(key(), why: "none came", now: Self.noon + .seconds(60))
        #expect(book.open.isEmpty)
        let late = book.acknowledge(AlertID(1), by: "bob@ops", note: nil, now: Self.noon)
        #expect(late == nil)
        let ended = try #require(book.changes.alerts.first)
        #expect(ended.state == .resolved && ended.resolution == "none came" && ended.note == "on it")
        _ = book.raise(finding(), now: Self.noon + .seconds(90))
        #expect(book.open[key()]?.id == AlertID(2))
        #expect(book.changes.news.map(\.what) == [.opened, .acknowledged, .resolved, .opened])
    }

    @Test("A cause that lasts counts when it says something new, and ends only when somebody knows that it is over")
    func lasting() {
        var book = AlertBook()
        func look(_ findings: [AlertFinding], _ seconds: Int64, over: String? = nil) {
            _ = book.hold(findings, of: [Self.kind], now: Self.noon + .seconds(seconds)) { _ in over }
        }
        look([finding()], 0)
        look([finding()], 1)
        #expect(book.open[key()]?.count == 1)
        look([finding(seen: "4 forged")], 2)
        #expect(book.open[key()]?.count == 2)
        look([], 3, over: nil)
        #expect(book.open[key()] != nil)
        look([], 4, over: "quiet")
        #expect(book.open.isEmpty)
        // Alerts of others are none of its business.
        _ = book.raise(
            AlertFinding(.cibDamaged, .fleet, .critical, expected: "", seen: ""), now: Self.noon)
        look([], 5, over: "quiet")
        #expect(book.open.count == 1)
    }

    @Test("A flood of alerts ends in one that says so, and texts of devices are cut and cleaned")
    func bounds() {
        var book = AlertBook()
        for number in 0...AlertBook.openMax + 3 { _ = book.raise(finding("d\(number)"), now: Self.noon) }
        #expect(book.open.count == AlertBook.openMax + 1)
        let overflow = book.open[AlertKey(.alertsOverflow, AlertSubject(other: "kind/tag-forged"))]
        #expect(overflow?.count == 4)

        let hostile = Alert(
            AlertID(1), finding(seen: "\u{1B}[2J" + String(repeating: "é", count: 3000)), at: Self.noon)
        #expect(hostile.seen.utf8.count <= Alert.textBytesMax)
        #expect(hostile.seen.hasPrefix(" [2J") && hostile.seen.hasSuffix("..."))
    }
}
