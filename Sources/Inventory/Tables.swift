import Foundation
import GRDB
package import L45Model

extension Inventory {
    /// Stores these tables as the last ones decided for their devices, in one transaction.
    ///
    /// The same table again changes nothing, so that a decision whose outcome was lost may be repeated.
    /// - Throws: `generationTaken` when a generation is not above the stored one of its device; `unknownDevice`. Then
    /// none of the tables is stored.
    package func decide(_ tables: [DeviceTable]) throws(InventoryError) {
        guard !tables.isEmpty else { return }
        try write("store \(tables.count) device tables") { db in
            var modules = ModuleRows(db, coder)
            for table in tables { try decide(table, &modules, in: db) }
        }
    }

    private func decide(_ table: DeviceTable, _ modules: inout ModuleRows, in db: Database) throws {
        let coded = try table.modules.map { try coder.encode($0.plan, on: table.device) }
        let entries = StoredEntry.pack(
            zip(coded, table.modules).map { StoredEntry(key: $0.key, state: $1.state, enforcing: $1.enforcing) })
        guard let holders = try ModuleHolders(of: table.device, in: db) else {
            throw InventoryError.unknownDevice(table.device)
        }
        if let stored = holders.table, table.generation <= stored.generation {
            if table.generation == stored.generation, entries == stored.entries { return }
            throw InventoryError.generationTaken(
                device: table.device, offered: table.generation, stored: stored.generation)
        }
        let new = Set(coded.map(\.key)).union(ModuleHolders.keys(ofPlan: holders.plan))
        try modules.replace(holders.keys, by: new, from: coded, on: table.device)
        try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO device_table (device, generation, entries) VALUES (?, ?, ?)"
        )
        .execute(arguments: [table.device.rawValue, Int64(bitPattern: table.generation.rawValue), entries])
    }
}
