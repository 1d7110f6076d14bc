import Foundation
import GRDB
package import L45Model

extension Inventory {
    /// Takes over a new set of intents and the plans that were compiled from all of them, in one transaction.
    ///
    /// - Parameter intents: new or changed ones, stored as given; the others stay as they are. Every new revision or
    ///   epoch is added to the intent's history.
    /// - Parameter removed: intents that are withdrawn. Their history stays.
    /// - Parameter plans: the complete new set: a device that is not in it has none. A row is written only where the
    /// plan differs from the stored one.
    /// - Parameter hands: of the intents of which some part has another writer from now on.
    /// - Parameter posture: the level in force from now on; nil: there is no posture.
    /// - Returns: the devices whose plan differs.
    /// - Throws: `unknownDevice`, `unknownIntent`; then nothing changed.
    @discardableResult
    package func adopt(
        intents: [IntentRecord], removed: [IntentName] = [], plans: [DevicePlan], posture: PostureStanding? = nil,
        hands: [IntentName: IntentHands] = [:], declaring: DeclarationChange? = nil, events: [Event] = [],
        at: Timestamp
    ) throws(InventoryError) -> Set<DeviceID> {
        try write("adopt \(plans.count) device plans") { db in
            for intent in intents { try Self.upsert(intent, at: at, in: db) }
            for name in removed { try Self.remove(name, at: at, in: db) }
            try Self.put(hands, in: db)
            let changed = try replacePlans(plans, in: db)
            if let declaring { try Self.put(declaring, in: db) }
            try Self.put(posture, in: db)
            try append(events, in: db)
            return changed
        }
    }

    private func replacePlans(_ plans: [DevicePlan], in db: Database) throws -> Set<DeviceID> {
        var stored: [DeviceID: Data] = [:]
        let rows = try Row.fetchCursor(db, sql: "SELECT device, modules FROM device_plan")
        while let row = try rows.next() { stored[DeviceID(row[0])] = row[1] as Data }

        var modules = ModuleRows(db, coder)
        var changed: Set<DeviceID> = []
        for plan in plans {
            let coded = try plan.modules.map { try coder.encode($0, on: plan.device) }
            var bytes = Data(capacity: coded.count * ModuleKey.byteCount)
            for module in coded { module.key.append(to: &bytes) }
            let before = stored.removeValue(forKey: plan.device)
            if before == bytes { continue }
            changed.insert(plan.device)
            guard let holders = try ModuleHolders(of: plan.device, in: db) else {
                throw InventoryError.unknownDevice(plan.device)
            }
            let new = Set(coded.map(\.key)).union(ModuleHolders.keys(ofTable: holders.table?.entries))
            try modules.replace(holders.keys, by: new, from: coded, on: plan.device)
            try db.cachedStatement(sql: "INSERT OR REPLACE INTO device_plan (device, modules) VALUES (?, ?)")
                .execute(arguments: [plan.device.rawValue, bytes])
        }
        for device in stored.keys {
            changed.insert(device)
            guard let holders = try ModuleHolders(of: device, in: db) else { continue }
            let new = ModuleHolders.keys(ofTable: holders.table?.entries)
            try modules.replace(holders.keys, by: new, from: [], on: device)
            try db.cachedStatement(sql: "DELETE FROM device_plan WHERE device = ?").execute(arguments: [device.rawValue]
            )
        }
        if modules.removed > 0 { try modules.removeUnusedShapes() }
        return changed
    }
}
