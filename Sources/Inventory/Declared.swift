import Foundation
import GRDB
package import L45Model

/// Declarations that come and go, and the labels that they bring.
package struct DeclarationChange: Sendable {
    package var stored: [DeclaredDevice]
    package var removed: [DeclaredKey]
    /// The operators' labels of enrolled devices, afterwards.
    package var labels: [DeviceID: [String: String]]
    package var storedBoxes: [DeclaredMiddlebox]
    package var removedBoxes: [DeclaredKey]

    package init(
        stored: [DeclaredDevice], removed: [DeclaredKey], labels: [DeviceID: [String: String]],
        storedBoxes: [DeclaredMiddlebox] = [], removedBoxes: [DeclaredKey] = []
    ) {
        self.storedBoxes = storedBoxes
        self.removedBoxes = removedBoxes
        self.stored = stored
        self.removed = removed
        self.labels = labels
    }
}

// Devices as files and git sources declare them. What they are labelled with stands with the operators' labels; here is what
// was said, so that whoever says it no longer takes it back.
extension Inventory {
    package func declaredDevices() throws(InventoryError) -> [DeclaredDevice] {
        try read("read the declared devices") { db in
            try checkSeals([RowSeals.declared], in: db)
            return try String.fetchAll(db, sql: "SELECT content FROM declaration ORDER BY place")
                .map { try CanonicalJSON.decode(DeclaredDevice.self, from: Data($0.utf8)) }
        }
    }

    package func declaredMiddleboxes() throws(InventoryError) -> [DeclaredMiddlebox] {
        try read("read the declared middleboxes") { db in
            try checkSeals([RowSeals.middlebox], in: db)
            return try String.fetchAll(db, sql: "SELECT content FROM declared_middlebox ORDER BY place")
                .map { try CanonicalJSON.decode(DeclaredMiddlebox.self, from: Data($0.utf8)) }
        }
    }

    /// Stores declarations and the labels that they bring in one transaction.
    package func declare(_ change: DeclarationChange) throws(InventoryError) {
        try write("store \(change.stored.count) declared devices") { db in try Self.put(change, in: db) }
    }

    static func put(_ change: DeclarationChange, in db: Database) throws {
        for key in change.removed {
            try db.cachedStatement(sql: "DELETE FROM declaration WHERE place = ?").execute(arguments: [place(key)])
        }
        for device in change.stored { try put(device, in: db) }
        for key in change.removedBoxes {
            try db.execute(sql: "DELETE FROM declared_middlebox WHERE place = ?", arguments: [place(key)])
        }
        for box in change.storedBoxes {
            try db.execute(
                sql: "INSERT OR REPLACE INTO declared_middlebox (place, content) VALUES (?, ?)",
                arguments: [place(box.key), String(decoding: try CanonicalJSON.encode(box), as: UTF8.self)])
        }
        for (id, labels) in change.labels {
            guard !labels.isEmpty else {
                try db.execute(sql: "DELETE FROM operator_labels WHERE device = ?", arguments: [id.rawValue])
                continue
            }
            try db.execute(
                sql: "INSERT OR REPLACE INTO operator_labels (device, labels) VALUES (?, ?)",
                arguments: [id.rawValue, Self.text(labels)])
        }
    }

    private static func put(_ device: DeclaredDevice, in db: Database) throws {
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO declaration (place, content) VALUES (?, ?)")
            .execute(arguments: [
                place(device.key), String(decoding: try CanonicalJSON.encode(device), as: UTF8.self),
            ])
    }

    private struct AlteredRow: Error, CustomStringConvertible { let description: String }

    /// Neither part has a tab in it.
    private static func place(_ key: DeclaredKey) -> String { "\(key.by)\t\(key.name)" }

    /// From the time when a name was declared once, by whatever file came last.
    static func moveDeclared(in db: Database) throws {
        if let name = try RowSeals.broken(RowSeals.declaredOnce, in: db).first {
            throw AlteredRow(description: "\(RowSeals.declaredOnce.noun) '\(name)' is not as it was stored")
        }
        let old = try String.fetchAll(db, sql: "SELECT content FROM declared_device")
            .map { try CanonicalJSON.decode(DeclaredDevice.self, from: Data($0.utf8)) }
        try db.execute(
            sql: """
                CREATE TABLE declaration (place TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT, WITHOUT ROWID;
                """)
        try RowSeals.install(RowSeals.declared, in: db)
        for device in old { try put(device, in: db) }
        try db.execute(
            sql: """
                DROP TABLE declared_device;
                DELETE FROM row_seal WHERE name = 'declared_device';
                """)
    }

    /// The agents' own labels of these devices, without the operators'.
    package func agentLabels(of ids: Set<DeviceID>) throws(InventoryError) -> [DeviceID: [String: String]] {
        try read("read the labels of \(ids.count) devices") { db in
            var labels: [DeviceID: [String: String]] = [:]
            for id in ids {
                try checkSeals([RowSeals.device], key: id.rawValue, in: db)
                guard
                    let facts = try String.fetchOne(
                        db.cachedStatement(sql: "SELECT facts FROM device WHERE id = ?"), arguments: [id.rawValue])
                else { continue }
                labels[id] = try CanonicalJSON.decode(DeviceFacts.self, from: Data(facts.utf8)).labels
            }
            return labels
        }
    }
}
