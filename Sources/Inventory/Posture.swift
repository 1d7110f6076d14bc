import Foundation
import GRDB
package import L45Model

extension Inventory {
    /// Stores the level in force with the events that tell of it, in one transaction.
    package func record(_ posture: PostureStanding, events: [Event] = []) throws(InventoryError) {
        try write("store level '\(posture.level)'") { db in
            try Self.put(posture, in: db)
            try append(events, in: db)
        }
    }

    /// Writes only what differs: every adoption of plans comes by here.
    static func put(_ posture: PostureStanding?, in db: Database) throws {
        guard try self.posture(in: db) != posture else { return }
        guard let posture else { return try db.execute(sql: "DELETE FROM posture") }
        let text = String(decoding: try CanonicalJSON.encode(posture), as: UTF8.self)
        try db.execute(sql: "INSERT OR REPLACE INTO posture (id, standing) VALUES (1, ?)", arguments: [text])
    }

    static func posture(in db: Database) throws -> PostureStanding? {
        guard let text = try String.fetchOne(db, sql: "SELECT standing FROM posture") else { return nil }
        return try CanonicalJSON.decode(PostureStanding.self, from: Data(text.utf8))
    }
}
