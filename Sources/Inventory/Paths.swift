import Foundation
import GRDB
package import L45Model

extension Inventory {
    /// Stores these path tables as the last ones decided for their devices, in one transaction.
    ///
    /// The same table again changes nothing, so that a decision whose outcome was lost may be repeated.
    /// - Throws: `generationTaken` when a generation is not above the stored one of its device; `unknownDevice`. Then
    ///   none of the tables is stored.
    package func decide(_ tables: [PathTable]) throws(InventoryError) {
        guard !tables.isEmpty else { return }
        try write("store \(tables.count) path tables") { db in
            for table in tables { try Self.decide(table, in: db) }
        }
    }

    private static func decide(_ table: PathTable, in db: Database) throws {
        let device = table.device.rawValue
        let known = try String.fetchOne(
            db.cachedStatement(sql: "SELECT id FROM device WHERE id = ?"), arguments: [device])
        guard known != nil else { throw InventoryError.unknownDevice(table.device) }
        let content = try text(of: table)
        let row = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT generation, content FROM path_table WHERE device = ?"),
            arguments: [device])
        if let row {
            let stored = Generation(UInt64(bitPattern: row[0]))
            if table.generation == stored, row[1] == content { return }
            guard table.generation > stored else {
                throw InventoryError.generationTaken(
                    device: table.device, offered: table.generation, stored: stored)
            }
        }
        try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO path_table (device, generation, content) VALUES (?, ?, ?)"
        ).execute(arguments: [device, Int64(bitPattern: table.generation.rawValue), content])
    }

    /// Stores each report as its device's last one, in one transaction; those of devices that are not in the CIB are not
    /// stored.
    package func record(_ reports: [PathReport]) throws(InventoryError) {
        guard !reports.isEmpty else { return }
        try write("store \(reports.count) path reports") { db in
            for report in reports {
                try db.cachedStatement(
                    sql: "INSERT OR REPLACE INTO path_report (device, report) SELECT id, ? FROM device WHERE id = ?"
                ).execute(arguments: [try Self.text(of: report), report.device.rawValue])
            }
        }
    }

    static func pathTables(in db: Database) throws -> [DeviceID: PathTable] {
        var tables: [DeviceID: PathTable] = [:]
        for text in try String.fetchAll(db, sql: "SELECT content FROM path_table") {
            let table = try CanonicalJSON.decode(PathTable.self, from: Data(text.utf8))
            tables[table.device] = table
        }
        return tables
    }

    /// A report that another release wrote in another way is left out: the next one is seconds away.
    static func pathReports(in db: Database) throws -> [DeviceID: PathReport] {
        var reports: [DeviceID: PathReport] = [:]
        for text in try String.fetchAll(db, sql: "SELECT report FROM path_report") {
            guard let report = try? CanonicalJSON.decode(PathReport.self, from: Data(text.utf8)) else { continue }
            reports[report.device] = report
        }
        return reports
    }

    private static func text(of value: some Encodable) throws -> String {
        String(decoding: try CanonicalJSON.encode(value), as: UTF8.self)
    }
}
