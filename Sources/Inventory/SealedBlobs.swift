package import Foundation
import GRDB
import L45Model

extension Inventory {
    /// Stores secret bytes under a name, such as the key of the CA, sealed; replaces those stored before.
    package func seal(_ name: String, _ bytes: Data) throws(InventoryError) {
        try write("store the secret '\(name)'") { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO sealed_blob (name, sealed) VALUES (?, ?)",
                arguments: [name, sealer.seal(bytes, row: Self.row(name))])
        }
    }

    /// Stores and removes (nil) several at once, all or none.
    package func seal(_ blobs: [String: Data?]) throws(InventoryError) {
        try write("store the secrets \(blobs.keys.sorted().joined(separator: ", "))") { db in
            for (name, bytes) in blobs.sorted(by: { $0.key < $1.key }) {
                guard let bytes else {
                    try db.execute(sql: "DELETE FROM sealed_blob WHERE name = ?", arguments: [name])
                    continue
                }
                try db.execute(
                    sql: "INSERT OR REPLACE INTO sealed_blob (name, sealed) VALUES (?, ?)",
                    arguments: [name, sealer.seal(bytes, row: Self.row(name))])
            }
        }
    }

    /// - Returns: the bytes of `seal`; nil when there are none of this name.
    /// - Throws: `damaged` when the row is not as it was stored.
    package func sealed(_ name: String) throws(InventoryError) -> Data? {
        try read("read the secret '\(name)'") { db in
            guard
                let sealed = try Data.fetchOne(
                    db, sql: "SELECT sealed FROM sealed_blob WHERE name = ?", arguments: [name])
            else { return nil }
            guard let bytes = try? sealer.open(sealed, row: Self.row(name)) else {
                throw damaged("the secret '\(name)' is not as it was stored")
            }
            return bytes
        }
    }

    private static func row(_ name: String) -> Data { Data("sealed_blob\0\(name)".utf8) }
}
