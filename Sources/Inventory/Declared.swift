import Foundation
import GRDB
package import L45Model

// Devices as files declare them. What they are labelled with stands with the operators' labels; here is what was said, so
// that a file that says it no longer takes it back.
extension Inventory {
    package func declaredDevices() throws(InventoryError) -> [DeclaredDevice] {
        try read("read the declared devices") { db in
            try checkSeals([RowSeals.declared], in: db)
            return try String.fetchAll(db, sql: "SELECT content FROM declared_device ORDER BY name")
                .map { try CanonicalJSON.decode(DeclaredDevice.self, from: Data($0.utf8)) }
        }
    }

    /// Stores declarations and the labels that they bring in one transaction.
    /// - Parameters:
    ///   - removed: names of which nothing is declared any more.
    ///   - labels: the operators' labels of enrolled devices, afterwards.
    package func declare(
        _ devices: [DeclaredDevice], removed: [String], labels: [DeviceID: [String: String]]
    ) throws(InventoryError) {
        try write("store \(devices.count) declared devices") { db in
            for device in devices {
                try db.cachedStatement(sql: "INSERT OR REPLACE INTO declared_device (name, content) VALUES (?, ?)")
                    .execute(arguments: [
                        device.name, String(decoding: try CanonicalJSON.encode(device), as: UTF8.self),
                    ])
            }
            for name in removed {
                try db.cachedStatement(sql: "DELETE FROM declared_device WHERE name = ?").execute(arguments: [name])
            }
            for (id, labels) in labels {
                guard !labels.isEmpty else {
                    try db.execute(sql: "DELETE FROM operator_labels WHERE device = ?", arguments: [id.rawValue])
                    continue
                }
                try db.execute(
                    sql: "INSERT OR REPLACE INTO operator_labels (device, labels) VALUES (?, ?)",
                    arguments: [id.rawValue, Self.text(labels)])
            }
        }
    }
}
