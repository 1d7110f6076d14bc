import Foundation
import GRDB
package import L45Model

/// All that an orchestrator needs to go on where the one before it stopped, read at one instant.
package struct StoredFleet: Sendable {
    package var devices: [DeviceID: StoredDevice] = [:]
    package var plans: [DeviceID: DevicePlan] = [:]
    package var tables: [DeviceID: DeviceTable] = [:]
    package var reports: [DeviceID: DeviceReport] = [:]
    package var pathTables: [DeviceID: PathTable] = [:]
    package var pathReports: [DeviceID: PathReport] = [:]
    package var pathTrusts: [PathTrust] = []
    package var statuses: [FlowName: RolloutStatus] = [:]
    package var intents: [IntentRecord] = []
    package var hands: [IntentName: IntentHands] = [:]
    package var posture: PostureStanding?
    package var checks: [ModuleCheck] = []
    package var distrusts: [Distrust] = []
    package var certificates: [DeviceID: CertificateStanding] = [:]
}

extension Inventory {
    /// - Throws: `damaged` when a row is not as it was stored, or names a module that is not there or whose seal is broken.
    ///   Standings and reports that are not as they were stored are left out: the one costs time, the other comes anew.
    package func fleet() throws(InventoryError) -> StoredFleet {
        try read("read the fleet") { db in
            var fleet = StoredFleet()
            try checkSeals(RowSeals.ofFleet, in: db)
            for stored in try Self.devices(in: db) { fleet.devices[stored.device.id] = stored }
            for status in try Self.statuses(in: db) { fleet.statuses[status.flow] = status }
            fleet.intents = try Self.intents(in: db)
            fleet.hands = try Self.hands(in: db)
            fleet.posture = try Self.posture(in: db)
            fleet.checks = try checks(in: db)
            fleet.distrusts = try Self.distrusts(in: db)
            fleet.certificates = try Self.certificatesInUse(in: db)
            let modules = try modules(in: db)
            fleet.plans = try plans(in: db, modules)
            fleet.tables = try tables(in: db, modules)
            fleet.reports = try Self.reports(in: db)
            fleet.pathTables = try Self.pathTables(in: db)
            fleet.pathReports = try Self.pathReports(in: db)
            fleet.pathTrusts = try Self.pathTrusts(in: db)
            return fleet
        }
    }

    private typealias Modules = [DeviceID: [ModuleKey: ModulePlan]]

    private func modules(in db: Database) throws -> Modules {
        var shapes: [Int64: (plan: ModulePlan, digest: Data)] = [:]
        let shapeRows = try Row.fetchCursor(db, sql: "SELECT id, digest, json FROM shape")
        while let row = try shapeRows.next() {
            let digest: Data = row[1]
            shapes[row[0]] = (try ModuleCoder.decode(shape: row[2], digest: digest), digest)
        }
        var modules: Modules = [:]
        let rows = try Row.fetchCursor(db, sql: "SELECT device, key, id, shape, sealed FROM module")
        while let row = try rows.next() {
            let device = DeviceID(row[0])
            let key: Data = row[1]
            let id = ModuleID(UInt64(bitPattern: row[2]))
            guard key.count == ModuleKey.byteCount, let shape = shapes[row[3]],
                let plan = try? coder.open(row[4], on: device, id: id, shape: shape.plan, digest: shape.digest)
            else {
                throw damaged("module \(id) of device \(device) is not as it was stored")
            }
            modules[device, default: [:]][key.withUnsafeBytes { ModuleKey($0, at: 0) }] = plan
        }
        return modules
    }

    private func plans(in db: Database, _ modules: Modules) throws -> [DeviceID: DevicePlan] {
        var plans: [DeviceID: DevicePlan] = [:]
        let rows = try Row.fetchCursor(db, sql: "SELECT device, modules FROM device_plan")
        while let row = try rows.next() {
            let device = DeviceID(row[0])
            let held = modules[device] ?? [:]
            let bytes: Data = row[1]
            let found = bytes.withUnsafeBytes { bytes in
                stride(from: 0, through: bytes.count - ModuleKey.byteCount, by: ModuleKey.byteCount)
                    .compactMap { held[ModuleKey(bytes, at: $0)] }
            }
            guard found.count * ModuleKey.byteCount == bytes.count else {
                throw damaged("the plan of device \(device) names a module that is not there")
            }
            plans[device] = DevicePlan(device: device, modules: found)
        }
        return plans
    }

    private func tables(in db: Database, _ modules: Modules) throws -> [DeviceID: DeviceTable] {
        var tables: [DeviceID: DeviceTable] = [:]
        let rows = try Row.fetchCursor(db, sql: "SELECT device, generation, entries FROM device_table")
        while let row = try rows.next() {
            let device = DeviceID(row[0])
            let held = modules[device] ?? [:]
            guard let packed = StoredEntry.unpack(row[2]) else {
                throw damaged("the table of device \(device) does not read")
            }
            let entries = packed.compactMap { entry in
                held[entry.key].map { ModuleEntry(plan: $0, state: entry.state, enforcing: entry.enforcing) }
            }
            guard entries.count == packed.count else {
                throw damaged("the table of device \(device) names a module that is not there")
            }
            tables[device] = DeviceTable(
                device: device, generation: Generation(UInt64(bitPattern: row[1])), modules: entries)
        }
        return tables
    }

    private static func reports(in db: Database) throws -> [DeviceID: DeviceReport] {
        var reports: [DeviceID: DeviceReport] = [:]
        let rows = try Row.fetchCursor(db, sql: "SELECT device, report FROM device_report")
        while let row = try rows.next() {
            let device = DeviceID(row[0])
            // Nothing is decided on a report of an earlier connection: one that does not read is as good as none.
            reports[device] = try? ReportCodec.decode(row[1], of: device)
        }
        return reports
    }
}
