import Foundation
import GRDB
package import L45Model

/// A device as the CIB knows it.
package struct StoredDevice: Hashable, Sendable {
    /// With the operator's labels laid over the agent's.
    package var device: Device
    package var operatorLabels: [String: String]
    package var firstSeen: Timestamp
    package var lastSeen: Timestamp
}

extension Inventory {
    /// Stores what devices say of themselves, in one transaction.
    ///
    /// - Parameter devices: with the labels of the agent alone: the operator's are kept apart.
    /// - Returns: those that are new or that say something else than before.
    @discardableResult
    package func checkIn(_ devices: [Device], at: Timestamp) throws(InventoryError) -> Set<DeviceID> {
        try write("check in \(devices.count) devices") { db in
            var changed: Set<DeviceID> = []
            for device in devices {
                let id = device.id.rawValue
                let facts = String(decoding: try CanonicalJSON.encode(device.facts), as: UTF8.self)
                let stored = try String.fetchOne(
                    db.cachedStatement(sql: "SELECT facts FROM device WHERE id = ?"), arguments: [id])
                if stored != facts { changed.insert(device.id) }
                try db.cachedStatement(
                    sql: """
                        INSERT INTO device (id, facts, first_seen, last_seen) VALUES (?, ?, ?, ?)
                        ON CONFLICT (id) DO UPDATE SET facts = excluded.facts, last_seen = excluded.last_seen
                        """
                ).execute(arguments: [id, facts, at.rawValue, at.rawValue])
            }
            return changed
        }
    }

    /// Stores what one device says of itself.
    /// - Returns: whether it is new or says something else than before.
    @discardableResult
    package func checkIn(_ device: Device, at: Timestamp) throws(InventoryError) -> Bool {
        try !checkIn([device], at: at).isEmpty
    }

    /// Notes that these devices were heard of. Unknown ones are passed over.
    package func seen(_ devices: [DeviceID], at: Timestamp) throws(InventoryError) {
        guard !devices.isEmpty else { return }
        try write("note \(devices.count) devices as seen") { db in
            for device in devices {
                try db.cachedStatement(sql: "UPDATE device SET last_seen = max(last_seen, ?) WHERE id = ?")
                    .execute(arguments: [at.rawValue, device.rawValue])
            }
        }
    }

    /// All of them, by id.
    package func devices() throws(InventoryError) -> [StoredDevice] {
        try read("read the devices") { db in
            try checkSeals([RowSeals.device, RowSeals.labels], in: db)
            return try Self.devices(in: db)
        }
    }

    /// - Returns: nil when no such device has checked in.
    package func device(_ id: DeviceID) throws(InventoryError) -> StoredDevice? {
        try read("read device \(id)") { db in
            try checkSeals([RowSeals.device, RowSeals.labels], key: id.rawValue, in: db)
            return try Self.devices(in: db, where: "WHERE d.id = ?", [id.rawValue]).first
        }
    }

    /// The labels that an operator, or the token of its enrolment, gives a device; they win over the agent's own.
    /// Replaces those given before; allowed before the first check-in.
    package func setOperatorLabels(_ id: DeviceID, _ labels: [String: String]) throws(InventoryError) {
        try write("store the labels of \(id)") { db in
            guard !labels.isEmpty else {
                return try db.execute(sql: "DELETE FROM operator_labels WHERE device = ?", arguments: [id.rawValue])
            }
            try db.execute(
                sql: "INSERT OR REPLACE INTO operator_labels (device, labels) VALUES (?, ?)",
                arguments: [id.rawValue, Self.text(labels)])
        }
    }

    /// Forgets a device with its plan, table and report, and revokes its certificates.
    ///
    /// Its table's generation goes with them; should it come back, the generation in its ledger counts.
    /// - Throws: `unknownDevice`.
    package func forget(_ id: DeviceID, at: Timestamp) throws(InventoryError) {
        try write("forget device \(id)") { try forget(id, at: at, in: $0) }
    }

    /// Forgets a device, and never takes it again: neither its certificates nor its keys, should they be certified elsewhere
    /// or enrolled by a token.
    ///
    /// - Parameters:
    ///   - name: what people called it.
    ///   - reason: the operator's.
    /// - Returns: the serials that were in force.
    /// - Throws: `unknownDevice`.
    package func evict(
        _ id: DeviceID, name: String, reason: String, at: Timestamp
    ) throws(InventoryError) -> [String] {
        try write("evict device \(id)") { db in
            let serials = try String.fetchAll(
                db, sql: "SELECT serial FROM certificate WHERE device = ? AND revoked_at IS NULL ORDER BY serial",
                arguments: [id.rawValue])
            try forget(id, at: at, in: db)
            try db.execute(
                sql: "INSERT OR REPLACE INTO evicted_device (device, name, at, reason) VALUES (?, ?, ?, ?)",
                arguments: [id.rawValue, name, at.rawValue, reason])
            return serials
        }
    }

    private func forget(_ id: DeviceID, at: Timestamp, in db: Database) throws {
        try db.execute(sql: "DELETE FROM device WHERE id = ?", arguments: [id.rawValue])
        guard db.changesCount == 1 else { throw InventoryError.unknownDevice(id) }
        try db.execute(sql: "DELETE FROM operator_labels WHERE device = ?", arguments: [id.rawValue])
        try Self.revokeCertificates(of: id, at: at, in: db)
        try Self.spendTokens(of: id, in: db)
        try ModuleRows(db, coder).removeUnusedShapes()
    }

    static func devices(
        in db: Database, where condition: String = "", _ arguments: StatementArguments = []
    ) throws -> [StoredDevice] {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT d.id, d.facts, d.first_seen, d.last_seen, l.labels FROM device d
                LEFT JOIN operator_labels l ON l.device = d.id \(condition) ORDER BY d.id
                """,
            arguments: arguments)
        var devices: [StoredDevice] = []
        while let row = try rows.next() {
            var facts = try CanonicalJSON.decode(DeviceFacts.self, from: Data((row[1] as String).utf8))
            let labels = try (row[4] as String?).map(Self.labels) ?? [:]
            facts.labels.merge(labels) { _, operators in operators }
            devices.append(
                StoredDevice(
                    device: Device(id: DeviceID(row[0]), facts: facts), operatorLabels: labels,
                    firstSeen: Timestamp(row[2]), lastSeen: Timestamp(row[3])))
        }
        return devices
    }

    static func text(_ pairs: [String: String]) throws -> String {
        String(decoding: try CanonicalJSON.encode(pairs), as: UTF8.self)
    }

    static func labels(_ text: String) throws -> [String: String] {
        try CanonicalJSON.decode([String: String].self, from: Data(text.utf8))
    }
}
