import Foundation
import GRDB
package import L45Model

/// An enrolment token as it is shown: without its secret, which is not kept.
package struct StoredToken: Hashable, Sendable {
    package var id: String
    package var labels: [String: String]
    package var createdAt: Timestamp
    package var expiresAt: Timestamp
    /// nil: not yet.
    package var usedAt: Timestamp?
}

extension Inventory {
    /// How long a token that can serve no more is kept, so that who tries it learns why it fails.
    static let deadTokenKept = Span.seconds(30 * 86_400)

    /// Stores a token that enrols one device before `expires`.
    ///
    /// - Parameter secretHash: SHA-256 of the token's secret; the secret itself is for the operator alone.
    /// - Parameter labels: what the device is to be labelled with.
    /// - Throws: `tokenExists`.
    package func createToken(
        id: String, secretHash: Digest, expires: Timestamp, labels: [String: String] = [:], at: Timestamp
    ) throws(InventoryError) {
        try write("store the enrolment token '\(id)'") { db in
            try db.execute(
                sql: "DELETE FROM token WHERE max(expires_at, coalesce(used_at, 0)) < ?",
                arguments: [at.rawValue - Self.deadTokenKept.milliseconds])
            try db.execute(
                sql: """
                    INSERT OR IGNORE INTO token (id, hash, labels, created_at, expires_at) VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [id, Data(secretHash.hex.utf8), Self.text(labels), at.rawValue, expires.rawValue])
            guard db.changesCount == 1 else { throw InventoryError.tokenExists(id: id) }
        }
    }

    /// Uses the token up: of any number of devices at once, one succeeds. The device that did may come again: its first answer
    /// may have been lost on the way.
    ///
    /// - Returns: the labels for the device.
    /// - Throws: `tokenUnknown`, `tokenWrong`, `tokenUsed`, `tokenExpired`, looked for in this order. Who does not know
    /// the secret learns nothing but that the token exists.
    package func consumeToken(
        id: String, secretHash: Digest, by device: DeviceID, now: Timestamp
    ) throws(InventoryError) -> [String: String] {
        try write("use the enrolment token '\(id)'") { db in
            try checkSeals([RowSeals.token], key: id, in: db)
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM token WHERE id = ?", arguments: [id]) else {
                throw InventoryError.tokenUnknown(id: id)
            }
            let stored: Data = row["hash"]
            // Of hashes, so the time that the comparison takes tells nothing of the secret.
            guard stored == Data(secretHash.hex.utf8) else { throw InventoryError.tokenWrong(id: id) }
            if let used = row["used_at"] as Int64? {
                let user = DeviceID(row["used_by"] ?? "")
                guard user == device else { throw InventoryError.tokenUsed(id: id, by: user, at: Timestamp(used)) }
                return try Self.labels(row["labels"])
            }
            let expires = Timestamp(row["expires_at"])
            guard now < expires else { throw InventoryError.tokenExpired(id: id, at: expires) }
            try db.execute(
                sql: "UPDATE token SET used_at = ?, used_by = ? WHERE id = ?",
                arguments: [now.rawValue, device.rawValue, id])
            return try Self.labels(row["labels"])
        }
    }

    /// A device that is gone can not come back by the token that admitted it: a retry is for an answer that was lost.
    static func spendTokens(of device: DeviceID, in db: Database) throws {
        try db.execute(
            sql: "UPDATE token SET used_by = 'gone-' || used_by WHERE used_by = ?", arguments: [device.rawValue])
    }

    /// By id, with those that were used or expired in the last 30 days.
    package func tokens() throws(InventoryError) -> [StoredToken] {
        try read("read the enrolment tokens") { db in
            try Row.fetchAll(db, sql: "SELECT * FROM token ORDER BY id").map { row in
                StoredToken(
                    id: row["id"], labels: try Self.labels(row["labels"]), createdAt: Timestamp(row["created_at"]),
                    expiresAt: Timestamp(row["expires_at"]), usedAt: (row["used_at"] as Int64?).map { Timestamp($0) })
            }
        }
    }

    /// Takes a token back.
    /// - Throws: `tokenUnknown`.
    package func deleteToken(id: String) throws(InventoryError) {
        try write("delete the enrolment token '\(id)'") { db in
            try db.execute(sql: "DELETE FROM token WHERE id = ?", arguments: [id])
            guard db.changesCount == 1 else { throw InventoryError.tokenUnknown(id: id) }
        }
    }
}
