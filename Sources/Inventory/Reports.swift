import Foundation
import GRDB
package import L45Model

extension Inventory {
    /// Stores each report as its device's last one, in one transaction.
    ///
    /// - Returns: devices that are not in the CIB (forgotten while the report was under way): theirs are not stored.
    @discardableResult
    package func record(_ reports: [DeviceReport]) throws(InventoryError) -> Set<DeviceID> {
        guard !reports.isEmpty else { return [] }
        let packed = reports.map { ($0.device, ReportCodec.encode($0)) }
        return try write("store \(reports.count) device reports") { db in
            var unknown: Set<DeviceID> = []
            for (device, bytes) in packed {
                try db.cachedStatement(
                    sql: "INSERT OR REPLACE INTO device_report (device, report) SELECT id, ? FROM device WHERE id = ?"
                ).execute(arguments: [bytes, device.rawValue])
                if db.changesCount == 0 { unknown.insert(device) }
            }
            return unknown
        }
    }

    /// Stores how rollouts stand, and forgets flows that are gone, in one transaction.
    package func record(statuses: [RolloutStatus], forgotten: [FlowName] = []) throws(InventoryError) {
        guard !statuses.isEmpty || !forgotten.isEmpty else { return }
        try write("store the standing of \(statuses.count) rollouts") { db in
            for flow in forgotten {
                try db.cachedStatement(sql: "DELETE FROM rollout WHERE flow = ?").execute(arguments: [flow.rawValue])
            }
            for status in statuses {
                let json = String(decoding: try CanonicalJSON.encode(status), as: UTF8.self)
                try db.cachedStatement(sql: "INSERT OR REPLACE INTO rollout (flow, status) VALUES (?, ?)")
                    .execute(arguments: [status.flow.rawValue, json])
            }
        }
    }

    /// By flow. A standing that is not as it was stored is left out: it is derived anew, and its drain begins again.
    package func statuses() throws(InventoryError) -> [RolloutStatus] {
        try read("read the rollouts") { try Self.statuses(in: $0) }
    }

    static func statuses(in db: Database) throws -> [RolloutStatus] {
        let broken = Set(try RowSeals.broken(RowSeals.rollout, most: .max, in: db))
        return try Row.fetchAll(db, sql: "SELECT flow, status FROM rollout ORDER BY flow").compactMap { row in
            guard !broken.contains(row[0]) else { return nil }
            return try CanonicalJSON.decode(RolloutStatus.self, from: Data((row[1] as String).utf8))
        }
    }
}
