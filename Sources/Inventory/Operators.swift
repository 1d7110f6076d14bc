import Foundation
import GRDB
package import L45Model

/// An operator as the CIB knows him.
package struct StoredOperator: Hashable, Sendable {
    package var view: OperatorView
    /// SHA-256 of a token's secret; nil: he has none.
    package var secretHash: Digest?
    package var expiresAt: Timestamp?

    package init(view: OperatorView, secretHash: Digest? = nil, expiresAt: Timestamp? = nil) {
        self.view = view
        self.secretHash = secretHash
        self.expiresAt = expiresAt
    }
}

extension Inventory {
    /// Stores an operator in the place of one of his name.
    /// - Throws: `operatorTaken` when another one is known by the same user, group or key.
    package func put(_ stored: StoredOperator) throws(InventoryError) {
        let view = stored.view
        try write("store operator '\(view.name)'") { db in
            let other = try String.fetchOne(
                db, sql: "SELECT name FROM operator WHERE kind = ? AND known = ? AND name <> ?",
                arguments: [view.kind.rawValue, view.known, view.name])
            if let other { throw InventoryError.operatorTaken(known: "\(view.kind.rawValue) \(view.known)", by: other) }
            try db.execute(
                sql: """
                    INSERT INTO operator (name, role, scope, kind, known, hash, added_at, added_by, expires_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET role = excluded.role, scope = excluded.scope, kind = excluded.kind,
                    known = excluded.known, hash = excluded.hash, added_at = excluded.added_at,
                    added_by = excluded.added_by, expires_at = excluded.expires_at
                    """,
                arguments: [
                    view.name, view.role.rawValue, Self.text(view.scope.labels), view.kind.rawValue, view.known,
                    stored.secretHash.map { Data($0.hex.utf8) }, view.addedAt.timestamp.rawValue, view.addedBy,
                    stored.expiresAt?.rawValue,
                ])
        }
    }

    /// By name.
    /// - Throws: `damaged` when a row is not as it was stored.
    package func operators() throws(InventoryError) -> [StoredOperator] {
        try read("read the operators") { db in
            try checkSeals([RowSeals.operators], in: db)
            return try Row.fetchAll(db, sql: "SELECT * FROM operator ORDER BY name").map(Self.operatorRow)
        }
    }

    /// Who is known by this token, key, user or group; nil: nobody.
    package func storedOperator(
        _ kind: OperatorView.Kind, known: String
    ) throws(InventoryError) -> StoredOperator? {
        try read("read the operators") { db in
            let row = try Row.fetchOne(
                db, sql: "SELECT * FROM operator WHERE kind = ? AND known = ?", arguments: [kind.rawValue, known])
            guard let row else { return nil }
            try checkSeals([RowSeals.operators], key: row["name"] as String, in: db)
            return try Self.operatorRow(row)
        }
    }

    /// - Throws: `operatorUnknown`.
    package func removeOperator(_ name: String) throws(InventoryError) {
        try write("remove operator '\(name)'") { db in
            try db.execute(sql: "DELETE FROM operator WHERE name = ?", arguments: [name])
            guard db.changesCount == 1 else { throw InventoryError.operatorUnknown(name) }
        }
    }

    /// The labels that operators gave devices, of those that have some.
    package func operatorLabels() throws(InventoryError) -> [DeviceID: [String: String]] {
        try read("read the operators' labels") { db in
            try checkSeals([RowSeals.labels], in: db)
            var labels: [DeviceID: [String: String]] = [:]
            let rows = try Row.fetchCursor(db, sql: "SELECT device, labels FROM operator_labels")
            while let row = try rows.next() { labels[DeviceID(row[0])] = try Self.labels(row[1]) }
            return labels
        }
    }

    private static func operatorRow(_ row: Row) throws -> StoredOperator {
        let name: String = row["name"]
        guard let role = OperatorRole(rawValue: row["role"]), let kind = OperatorView.Kind(rawValue: row["kind"]) else {
            throw InventoryError.operatorUnknown(name)
        }
        let expires = (row["expires_at"] as Int64?).map { Timestamp($0) }
        return StoredOperator(
            view: OperatorView(
                name: name, role: role, scope: LabelScope(try labels(row["scope"])), kind: kind, known: row["known"],
                addedAt: Timestamp(row["added_at"]), addedBy: row["added_by"], expiresAt: expires),
            secretHash: (row["hash"] as Data?).map { Digest(hex: String(decoding: $0, as: UTF8.self)) },
            expiresAt: expires)
    }
}
