import Foundation
import GRDB
package import L45Model

extension Inventory {
    /// Stores what is known of the honesty of these paths, and forgets those of others, in one transaction. Paths of devices
    /// that are not in the CIB are not stored.
    package func record(
        trusts: [PathTrust], forgotten: [PathTrust.Place] = []
    ) throws(InventoryError) {
        guard !trusts.isEmpty || !forgotten.isEmpty else { return }
        try write("store the trust in \(trusts.count) paths") { db in
            for place in forgotten {
                try db.cachedStatement(sql: "DELETE FROM path_trust WHERE place = ?").execute(arguments: [
                    Self.key(place)
                ])
            }
            for trust in trusts {
                let json = String(decoding: try CanonicalJSON.encode(trust), as: UTF8.self)
                try db.cachedStatement(
                    sql: """
                        INSERT OR REPLACE INTO path_trust (place, device, content)
                        SELECT ?, id, ? FROM device WHERE id = ?
                        """
                ).execute(arguments: [Self.key(trust.place), json, trust.place.device.rawValue])
            }
        }
    }

    static func pathTrusts(in db: Database) throws -> [PathTrust] {
        try String.fetchAll(db, sql: "SELECT content FROM path_trust ORDER BY place").map {
            try CanonicalJSON.decode(PathTrust.self, from: Data($0.utf8))
        }
    }

    private static func key(_ place: PathTrust.Place) -> String { "\(place.device)/\(place.path)" }
}
