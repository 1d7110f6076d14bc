import Foundation
import GRDB
package import L45Model

extension Inventory {
    /// Stores where these modules' security checks stand, keys sealed, forgets those of others, and stores who is not to be
    /// trusted; in one transaction. Rows of devices that are not in the CIB are not stored.
    package func record(
        checks: [ModuleCheck], forgotten: [(DeviceID, ModuleID)] = [], distrusts: [Distrust] = []
    ) throws(InventoryError) {
        guard !checks.isEmpty || !forgotten.isEmpty || !distrusts.isEmpty else { return }
        try write("store \(checks.count) security checks") { db in
            for (device, module) in forgotten {
                try db.cachedStatement(sql: "DELETE FROM module_check WHERE device = ? AND module = ?")
                    .execute(arguments: [device.rawValue, Int64(bitPattern: module.rawValue)])
            }
            for check in checks {
                let sealed = try sealer.seal(
                    Data(check.key.bytes), row: Self.row(check.device, check.module, check.step))
                try db.cachedStatement(
                    sql: """
                        INSERT OR REPLACE INTO module_check (device, module, step, life, verified_at, sealed)
                        SELECT id, ?, ?, ?, ?, ? FROM device WHERE id = ?
                        """
                ).execute(arguments: [
                    Int64(bitPattern: check.module.rawValue), Int64(bitPattern: check.step),
                    Int64(bitPattern: check.life), check.verifiedAt.rawValue, sealed, check.device.rawValue,
                ])
            }
            for distrust in distrusts { try Self.put(distrust, in: db) }
        }
    }

    /// Takes distrusts back, in one transaction.
    package func record(lifted: [Distrust]) throws(InventoryError) {
        guard !lifted.isEmpty else { return }
        try write("lift \(lifted.count) distrusts") { db in
            for distrust in lifted {
                try db.execute(sql: "DELETE FROM distrust WHERE name = ?", arguments: [Self.name(distrust)])
            }
        }
    }

    private static func put(_ distrust: Distrust, in db: Database) throws {
        let text = String(decoding: try CanonicalJSON.encode(distrust), as: UTF8.self)
        try db.cachedStatement(
            sql: """
                INSERT INTO distrust (name, device, content) SELECT ?, id, ? FROM device WHERE id = ?
                ON CONFLICT (name) DO UPDATE SET content = excluded.content
                """
        ).execute(arguments: [name(distrust), text, distrust.device.rawValue])
    }

    /// A row whose seal is broken is left out, and the module's chain then begins again, which is told.
    func checks(in db: Database) throws -> [ModuleCheck] {
        var checks: [ModuleCheck] = []
        let rows = try Row.fetchCursor(
            db, sql: "SELECT device, module, step, life, verified_at, sealed FROM module_check")
        while let row = try rows.next() {
            let device = DeviceID(row[0])
            let module = ModuleID(UInt64(bitPattern: row[1]))
            let step = UInt64(bitPattern: row[2])
            guard let key = try? sealer.open(row[5], row: Self.row(device, module, step)) else { continue }
            checks.append(
                ModuleCheck(
                    device: device, module: module, key: Secret(Array(key)), step: step,
                    life: UInt64(bitPattern: row[3]), verifiedAt: Timestamp(row[4])))
        }
        return checks
    }

    static func distrusts(in db: Database) throws -> [Distrust] {
        try String.fetchAll(db, sql: "SELECT content FROM distrust ORDER BY name").map {
            try CanonicalJSON.decode(Distrust.self, from: Data($0.utf8))
        }
    }

    private static func name(_ distrust: Distrust) -> String { "\(distrust.device)/\(distrust.intent)" }

    private static func row(_ device: DeviceID, _ module: ModuleID, _ step: UInt64) -> Data {
        Data("module_check\0\(device)\0\(module)\0\(step)".utf8)
    }
}
