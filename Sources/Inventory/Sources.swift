import Foundation
import GRDB
package import L45Model

/// A git repository that is followed, as the CIB has it.
package struct StoredSource: Hashable, Sendable {
    package var spec: SourceSpec
    package var standing: SourceStanding

    package init(spec: SourceSpec, standing: SourceStanding) {
        self.spec = spec
        self.standing = standing
    }
}

extension Inventory {
    /// - Throws: `damaged` when a row is not as it was stored.
    package func sources() throws(InventoryError) -> (sources: [StoredSource], owners: [IntentOwner]) {
        try read("read the git sources") { db in
            try checkSeals([RowSeals.gitSource, RowSeals.owner], in: db)
            let sources = try Row.fetchAll(db, sql: "SELECT spec, standing FROM git_source ORDER BY name").map { row in
                StoredSource(
                    spec: try CanonicalJSON.decode(SourceSpec.self, from: Data((row[0] as String).utf8)),
                    standing: try CanonicalJSON.decode(SourceStanding.self, from: Data((row[1] as String).utf8)))
            }
            let owners = try Row.fetchAll(db, sql: "SELECT intent, source, digest FROM intent_owner").map { row in
                IntentOwner(intent: IntentName(row[0]), source: row[1], digest: Digest(hex: row[2]))
            }
            return (sources, owners)
        }
    }

    /// Stores a source and changes of what it keeps, in one transaction.
    /// - Parameter owned: intents that it keeps from now on, or as it now says they are.
    /// - Parameter released: intents that are nobody's from now on.
    package func put(
        _ source: StoredSource, owned: [IntentOwner] = [], released: [IntentName] = []
    ) throws(InventoryError) {
        try write("store the git source '\(source.spec.name)'") { db in
            try db.cachedStatement(
                sql: """
                    INSERT INTO git_source (name, spec, standing) VALUES (?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, standing = excluded.standing
                    """
            ).execute(arguments: [
                source.spec.name, String(decoding: try CanonicalJSON.encode(source.spec), as: UTF8.self),
                String(decoding: try CanonicalJSON.encode(source.standing), as: UTF8.self),
            ])
            for name in released {
                try db.cachedStatement(sql: "DELETE FROM intent_owner WHERE intent = ?")
                    .execute(arguments: [name.rawValue])
            }
            for owner in owned {
                try db.cachedStatement(
                    sql: """
                        INSERT INTO intent_owner (intent, source, digest) VALUES (?, ?, ?)
                        ON CONFLICT (intent) DO UPDATE SET source = excluded.source, digest = excluded.digest
                        """
                ).execute(arguments: [owner.intent.rawValue, owner.source, owner.digest.hex])
            }
        }
    }

    /// Forgets a source; its intents are nobody's.
    package func removeSource(_ name: String) throws(InventoryError) {
        try write("forget the git source '\(name)'") { db in
            // One by one: what a foreign key takes along fires no trigger that keeps seals.
            try db.execute(sql: "DELETE FROM intent_owner WHERE source = ?", arguments: [name])
            try db.execute(sql: "DELETE FROM git_source WHERE name = ?", arguments: [name])
        }
    }
}
