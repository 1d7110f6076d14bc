import Foundation
import GRDB
package import L45Model

/// An event and its place in the trail.
package struct StoredEvent: Hashable, Sendable {
    /// Grows by one with each event and is never used again.
    package var id: Int64
    package var event: Event
}

extension Inventory {
    /// Adds to the trail, in one transaction; the oldest events beyond `eventsMax` go.
    package func append(_ events: [Event]) throws(InventoryError) {
        guard !events.isEmpty else { return }
        try write("store \(events.count) events") { try append(events, in: $0) }
    }

    /// Events in the order they came.
    ///
    /// - Parameter id: only those after this one; 0 from the oldest that is kept.
    /// - Parameter limit: how many at most.
    /// - Parameter subject: only of this subject and of those below it: `flow/dns` has `flow/dns/0`, and a slash at its end
    ///   says the same; nil any.
    package func events(
        after id: Int64 = 0, limit: Int = 1000, subject: String? = nil
    ) throws(InventoryError) -> [StoredEvent] {
        try read("read the events") { try Self.events(in: $0, "id > \(id)", subject, "id ASC", limit) }
    }

    /// The newest events, in the order they came. Parameters as above.
    package func latestEvents(_ limit: Int, subject: String? = nil) throws(InventoryError) -> [StoredEvent] {
        try read("read the events") { try Self.events(in: $0, "TRUE", subject, "id DESC", limit).reversed() }
    }

    func append(_ events: [Event], in db: Database) throws {
        guard !events.isEmpty else { return }
        for event in events {
            try db.cachedStatement(
                sql: "INSERT INTO event (at, severity, subject, message, facts) VALUES (?, ?, ?, ?, ?)"
            ).execute(arguments: [
                event.at.rawValue, event.severity.rawValue, event.subject, event.message, Self.text(event.facts),
            ])
        }
        try db.execute(sql: "DELETE FROM event WHERE id <= ?", arguments: [db.lastInsertedRowID - Int64(eventsMax)])
    }

    private static func events(
        in db: Database, _ condition: String, _ subject: String?, _ order: String, _ limit: Int
    ) throws -> [StoredEvent] {
        var sql = "SELECT id, at, severity, subject, message, facts FROM event WHERE \(condition)"
        var arguments: StatementArguments = []
        if let subject {
            // All texts that begin with "x/" lie from "x/" up to "x0", the character after the slash.
            let name = subject.hasSuffix("/") ? String(subject.dropLast()) : subject
            sql += " AND (subject = ? OR (subject >= ? AND subject < ?))"
            arguments += [name, name + "/", name + "0"]
        }
        sql += " ORDER BY \(order) LIMIT ?"
        arguments += [max(0, limit)]
        return try Row.fetchAll(db, sql: sql, arguments: arguments).map { row in
            StoredEvent(
                id: row[0],
                event: Event(
                    at: Timestamp(row[1]), severity: Event.Severity(rawValue: row[2]) ?? .info, subject: row[3],
                    message: row[4], facts: try labels(row[5])))
        }
    }
}
