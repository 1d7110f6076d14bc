import Foundation
import GRDB
import L45Model

/// The `module` rows of one transaction: adds what plans and tables begin to name, takes off what neither names any
/// more.
struct ModuleRows {
    let db: Database
    let coder: ModuleCoder
    /// Shapes that this transaction knows to be there.
    private var shapes: Set<Data> = []
    private(set) var removed = 0

    init(_ db: Database, _ coder: ModuleCoder) {
        self.db = db
        self.coder = coder
    }

    /// - Parameter old: the keys that the device's plan and table name now.
    /// - Parameter new: those that they will name.
    /// - Parameter content: what any of `new` and not of `old` stands for.
    mutating func replace(
        _ old: Set<ModuleKey>, by new: Set<ModuleKey>, from content: [ModuleCoder.Coded], on device: DeviceID
    ) throws {
        guard old != new else { return }
        var missing = new.subtracting(old)
        for module in content where missing.remove(module.key) != nil {
            try insertShape(module.shape)
            try db.cachedStatement(
                sql: """
                    INSERT INTO module (device, key, id, shape, sealed)
                    VALUES (?, ?, ?, (SELECT id FROM shape WHERE digest = ?), ?)
                    """
            ).execute(arguments: [
                device.rawValue, module.key.bytes, Int64(bitPattern: module.id.rawValue), module.shape.digest,
                coder.seal(module, on: device),
            ])
        }
        for key in old.subtracting(new) {
            try db.cachedStatement(sql: "DELETE FROM module WHERE device = ? AND key = ?")
                .execute(arguments: [device.rawValue, key.bytes])
            removed += 1
        }
    }

    /// Takes off the shapes that no module has any more.
    func removeUnusedShapes() throws {
        try db.execute(sql: "DELETE FROM shape WHERE NOT EXISTS (SELECT 1 FROM module WHERE module.shape = shape.id)")
    }

    private mutating func insertShape(_ shape: ModuleCoder.Shape) throws {
        guard shapes.insert(shape.digest).inserted else { return }
        try db.cachedStatement(sql: "INSERT OR IGNORE INTO shape (digest, json) VALUES (?, ?)")
            .execute(arguments: [shape.digest, shape.json])
    }
}

/// The rows of one device that name modules.
struct ModuleHolders {
    var plan: Data?
    var table: (generation: Generation, entries: Data)?

    /// - Returns: nil when there is no such device.
    init?(of device: DeviceID, in db: Database) throws {
        let statement = try db.cachedStatement(
            sql: """
                SELECT p.modules, t.generation, t.entries FROM device d
                LEFT JOIN device_plan p ON p.device = d.id
                LEFT JOIN device_table t ON t.device = d.id
                WHERE d.id = ?
                """)
        guard let row = try Row.fetchOne(statement, arguments: [device.rawValue]) else { return nil }
        plan = row[0]
        if let generation = row[1] as Int64?, let entries = row[2] as Data? {
            table = (Generation(UInt64(bitPattern: generation)), entries)
        }
    }

    var keys: Set<ModuleKey> { Self.keys(ofPlan: plan).union(Self.keys(ofTable: table?.entries)) }

    static func keys(ofPlan bytes: Data?) -> Set<ModuleKey> {
        keys(bytes, stride: ModuleKey.byteCount)
    }

    static func keys(ofTable bytes: Data?) -> Set<ModuleKey> {
        keys(bytes, stride: StoredEntry.byteCount)
    }

    private static func keys(_ bytes: Data?, stride step: Int) -> Set<ModuleKey> {
        guard let bytes else { return [] }
        return bytes.withUnsafeBytes { bytes in
            var keys: Set<ModuleKey> = []
            for at in stride(from: 0, through: bytes.count - step, by: step) {
                keys.insert(ModuleKey(bytes, at: at))
            }
            return keys
        }
    }
}
