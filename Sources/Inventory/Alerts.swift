import Foundation
import GRDB
package import L45Model

/// What an orchestrator goes on with of alerts.
package struct StoredAlerts: Hashable, Sendable {
    /// Open and acknowledged ones, by id.
    package var unresolved: [Alert] = []
    /// The last number, and the last place in the list of news, that were given out; 0: none yet.
    package var lastID: UInt64 = 0
    package var lastPlace: UInt64 = 0
    /// Rows that are not as they were stored, which are left out.
    package var damaged: [String] = []

    package init(unresolved: [Alert] = [], lastID: UInt64 = 0, lastPlace: UInt64 = 0, damaged: [String] = []) {
        self.unresolved = unresolved
        self.lastID = lastID
        self.lastPlace = lastPlace
        self.damaged = damaged
    }
}

extension Inventory {
    /// Resolved alerts and news that are kept at most, the newest ones.
    package static let resolvedAlertsMax = 10_000
    package static let alertNewsMax = 10_000

    /// Stores alerts and the news of them in one transaction; the oldest resolved alerts and news beyond the bounds go.
    package func record(
        alerts: [Alert], news: [AlertNews], resolvedMax: Int = resolvedAlertsMax, newsMax: Int = alertNewsMax
    ) throws(InventoryError) {
        guard !alerts.isEmpty || !news.isEmpty else { return }
        try write("store \(alerts.count) alerts") { db in
            for alert in alerts {
                try db.cachedStatement(sql: "INSERT OR REPLACE INTO alert (id, state, content) VALUES (?, ?, ?)")
                    .execute(arguments: [
                        Int64(clamping: alert.id.rawValue), alert.state.rawValue, try Self.json(alert),
                    ])
            }
            for entry in news {
                try db.cachedStatement(sql: "INSERT OR REPLACE INTO alert_news (place, content) VALUES (?, ?)")
                    .execute(arguments: [Int64(clamping: entry.place), try Self.json(entry)])
            }
            if alerts.contains(where: { $0.state == .resolved }) {
                try db.execute(
                    sql: """
                        DELETE FROM alert WHERE state = 'resolved' AND id <= (
                            SELECT id FROM alert WHERE state = 'resolved' ORDER BY id DESC LIMIT 1 OFFSET ?)
                        """, arguments: [max(1, resolvedMax)])
            }
            if let last = news.last {
                try db.execute(
                    sql: "DELETE FROM alert_news WHERE place <= ?",
                    arguments: [Int64(clamping: last.place) - Int64(max(1, newsMax))])
            }
        }
    }

    /// What an orchestrator starts from.
    package func alerts() throws(InventoryError) -> StoredAlerts {
        try read("read the alerts") { db in
            var stored = StoredAlerts()
            let broken = try RowSeals.broken(RowSeals.alert, most: 1000, in: db)
            let brokenNews = try RowSeals.broken(RowSeals.alertNews, most: 1000, in: db)
            stored.damaged =
                broken.map { "\(RowSeals.alert.noun) '\($0)'" }
                + brokenNews.map { "\(RowSeals.alertNews.noun) '\($0)'" }
            let skipped = Set(broken)
            for row in try Row.fetchAll(db, sql: "SELECT id, state, content FROM alert ORDER BY id") {
                let id: Int64 = row[0]
                // Of a damaged one too: what is left of it stays as it is. No number that we gave out is as large as that.
                guard (1..<1 << 53).contains(id) else { continue }
                stored.lastID = UInt64(id)
                guard !skipped.contains("\(id)") else { continue }
                guard (row[1] as String) != Alert.State.resolved.rawValue else { continue }
                stored.unresolved.append(try Self.alert(row[2]))
            }
            let skippedNews = Set(brokenNews)
            let places = try Int64.fetchAll(db, sql: "SELECT place FROM alert_news ORDER BY place DESC LIMIT 2000")
            stored.lastPlace = places.first { !skippedNews.contains("\($0)") }.map { UInt64(clamping: $0) } ?? 0
            // A sink may have read past news that are gone.
            let reached = try sinks(in: db).values.map(\.place).max() ?? 0
            stored.lastPlace = max(stored.lastPlace, reached)
            return stored
        }
    }

    /// The newest alerts in these states, by id. One that is not as it was stored is left out.
    package func latestAlerts(_ limit: Int, states: Set<Alert.State>) throws(InventoryError) -> [Alert] {
        try read("read the alerts") { db in
            let named = states.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
            return try Row.fetchAll(
                db, sql: "SELECT id, content FROM alert WHERE state IN (\(named)) ORDER BY id DESC LIMIT ?",
                arguments: [max(0, limit)]
            ).reversed().compactMap { row -> Alert? in
                guard try isSound(RowSeals.alert, row[0], in: db) else { return nil }
                return try Self.alert(row[1])
            }
        }
    }

    /// - Returns: nil when there is none, or none any more.
    /// - Throws: `damaged` when it is not as it was stored.
    package func alert(_ id: AlertID) throws(InventoryError) -> Alert? {
        try read("read alert \(id)") { db in
            let key = Int64(clamping: id.rawValue)
            guard let text = try String.fetchOne(db, sql: "SELECT content FROM alert WHERE id = ?", arguments: [key])
            else { return nil }
            try checkSeals([RowSeals.alert], key: "\(key)", in: db)
            return try Self.alert(text)
        }
    }

    // MARK: News, and how far each sink has read them

    /// Those after `place`, the oldest first, and where the list begins now. One that is not as it was stored is left out.
    package func alertNews(
        after place: UInt64, limit: Int
    ) throws(InventoryError) -> (news: [AlertNews], first: UInt64?) {
        try read("read the news of alerts") { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT place, content FROM alert_news WHERE place > ? ORDER BY place LIMIT ?",
                arguments: [Int64(clamping: place), max(0, limit)])
            let news = try rows.compactMap { row -> AlertNews? in
                guard try isSound(RowSeals.alertNews, row[0], in: db) else { return nil }
                return try CanonicalJSON.decode(AlertNews.self, from: Data((row[1] as String).utf8))
            }
            return (news, try Int64.fetchOne(db, sql: "SELECT min(place) FROM alert_news").map { UInt64(clamping: $0) })
        }
    }

    /// How far sinks have come, by name. One that is not as it was stored is left out: it begins anew.
    package func alertSinks() throws(InventoryError) -> [String: AlertSinkStanding] {
        try read("read how far alerts were delivered") { try sinks(in: $0) }
    }

    package func record(_ standing: AlertSinkStanding, of sink: String) throws(InventoryError) {
        try write("store how far alerts were delivered to '\(sink)'") { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO alert_sink (name, standing) VALUES (?, ?)",
                arguments: [sink, try Self.json(standing)])
        }
    }

    /// Forgets sinks of other names.
    package func keepOnly(sinks: Set<String>) throws(InventoryError) {
        try write("forget sinks of alerts") { db in
            for name in try String.fetchAll(db, sql: "SELECT name FROM alert_sink") where !sinks.contains(name) {
                try db.execute(sql: "DELETE FROM alert_sink WHERE name = ?", arguments: [name])
            }
        }
    }

    private func sinks(in db: Database) throws -> [String: AlertSinkStanding] {
        let broken = Set(try RowSeals.broken(RowSeals.alertSink, most: 1000, in: db))
        var sinks: [String: AlertSinkStanding] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT name, standing FROM alert_sink") {
            let name: String = row[0]
            guard !broken.contains(name) else { continue }
            sinks[name] = try CanonicalJSON.decode(AlertSinkStanding.self, from: Data((row[1] as String).utf8))
        }
        return sinks
    }

    // MARK: Damage

    /// Rows of any sealed table that are not as they were stored, `the intent 'dns'`, at most `most` of each table. Reads
    /// them all.
    package func damagedRows(most: Int = 10) throws(InventoryError) -> [String] {
        try read("look at the seals") { db in
            try RowSeals.all.flatMap { table in
                try RowSeals.broken(table, most: most, in: db).map { "\(table.noun) '\($0)'" }
            }
        }
    }

    private func isSound(_ table: RowSeals.Table, _ key: Int64, in db: Database) throws -> Bool {
        try RowSeals.broken(table, key: "\(key)", in: db).isEmpty
    }

    private static func alert(_ text: String) throws -> Alert {
        try CanonicalJSON.decode(Alert.self, from: Data(text.utf8))
    }

    private static func json(_ value: some Encodable) throws -> String {
        String(decoding: try CanonicalJSON.encode(value), as: UTF8.self)
    }
}
