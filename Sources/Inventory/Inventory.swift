import Foundation
import GRDB
package import L45Model

/// The customization information base (CIB): everything that the orchestrator must still know after it was killed.
///
/// SQLite in WAL mode at synchronous FULL: what a call has returned from survives kill -9 and power loss, and each call
/// is one transaction, all or nothing. Secrets are sealed (`Sealer`); the key file beside the database opens them.
/// Every function blocks until the disk has it: call them off the event loop, in batches. Safe from any thread; one
/// process at a time.
package final class Inventory: Sendable {
    /// Everything secret of a fleet derives from it: 32 bytes, that stand in the CIB wrapped by the key of a `KeySource`.
    package let rootSecret: Secret

    // In this order: the database is closed before the lock is let go.
    let pool: DatabasePool
    let folder: StoreFolder
    let sealer: Sealer
    let coder: ModuleCoder
    let eventsMax: Int

    /// Opens the CIB in `path`, making folder, key and database when there are none.
    ///
    /// - Parameter path: the folder; made with mode 0700 when missing. All files in it have mode 0600.
    /// - Parameter key: where the key is that opens it; nil: `root.key` in the folder, made for a new CIB.
    /// - Parameter eventsMax: how many of the newest events are kept; at least 1.
    /// - Throws: an error that says what is wrong with folder, key or file; then no file was changed.
    package init(
        folder path: String, key source: KeySource? = nil, eventsMax: Int = 100_000
    ) throws(InventoryError) {
        let folder = try StoreFolder(path)
        try folder.makeDatabaseFile()
        let wrapping: SecretBytes
        if let source { wrapping = try source.read() } else { wrapping = try folder.rootKey() }
        let sealer: Sealer
        do {
            try Self.checkFile(folder)
            let (data, number, isSettled) = try Self.dataKey(folder, wrapping, source)
            rootSecret = Secret(data)
            sealer = Sealer(root: rootSecret)
            pool = try Self.open(folder.database, sealer)
            // A new data key is wrapped before anything is sealed with it; one that is there is tried before it is.
            if !isSettled { try Self.settle(pool, data, wrapping, number) }
            try Self.checkKey(pool, sealer, folder)
            if isSettled { try Self.settle(pool, data, wrapping, number) }
        } catch {
            throw Self.explain(error, doing: "open the CIB", path: folder.database)
        }
        self.folder = folder
        self.sealer = sealer
        coder = ModuleCoder(sealer: sealer)
        self.eventsMax = max(1, eventsMax)
    }

    /// Ends the use of the database, once what is under way is done, and lets go of the folder; every later call throws.
    /// Without it the end comes with the last reference.
    package func close() throws(InventoryError) {
        // GRDB closes the writer first and a reader last, and a reader can not fold the log into the database: without
        // this what was written lately would stay in `-wal`, where who copies `cib.sqlite` alone does not find it.
        pool.releaseMemory()
        do { try pool.close() } catch { throw explain(error, "close the CIB") }
        folder.unlock()
    }

    private static func checkFile(_ folder: StoreFolder) throws {
        let bytes = folder.databaseBytes()
        // 0 bytes: a first start that was cut short.
        if bytes == 0 { return }
        // SQLite takes less than a page's least size for an empty database, and would write over it.
        guard bytes >= 512 else {
            throw InventoryError.damaged(path: folder.database, detail: "a CIB has more than its \(bytes) bytes")
        }
        try Schema.check(folder.database)
    }

    /// The data key, the number of the wrapping that gave it (nil: it stands in none yet), and whether anything is sealed with
    /// it.
    private static func dataKey(
        _ folder: StoreFolder, _ wrapping: SecretBytes, _ source: KeySource?
    ) throws -> (SecretBytes, Int64?, isSettled: Bool) {
        let contents =
            folder.databaseBytes() == 0 ? KeyEnvelope.Contents() : try KeyEnvelope.contents(of: folder.database)
        if contents.rows.isEmpty {
            // An earlier release had everything derive from the key file itself; that key stays what it is, and is wrapped from
            // now on.
            let data = contents.isSettled ? wrapping : SecretBytes(randomCount: KeySource.keyBytes)
            return (data, nil, contents.isSettled)
        }
        let path = source.map(\.description) ?? folder.keyFile
        do {
            if let opened = try KeyEnvelope.open(contents.rows, with: wrapping) {
                return (opened.data, opened.number, contents.isSettled)
            }
        } catch {
            throw InventoryError.damaged(path: folder.database, detail: "its wrapped key is not as it was stored")
        }
        throw InventoryError.keyUnusable(
            path: path, reason: "is not the key of the CIB beside it; restore the root.key that belongs to cib.sqlite")
    }

    /// From now on the data key stands in the CIB, wrapped by this key and by none before it.
    private static func settle(
        _ pool: DatabasePool, _ data: SecretBytes, _ wrapping: SecretBytes, _ number: Int64?
    ) throws {
        if let number {
            guard try pool.read({ try KeyEnvelope.rows(in: $0) }).contains(where: { $0.number < number }) else {
                return
            }
            try pool.write { try KeyEnvelope.forget(before: number, in: $0) }
            _ = try pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        } else {
            try pool.write { _ = try KeyEnvelope.wrap(data, with: wrapping, in: $0) }
        }
    }

    private static func open(_ path: String, _ sealer: Sealer) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 4
        configuration.label = "cib"
        configuration.prepareDatabase { db in
            // A burst, such as an artifact, may blow up the log; this much of it is kept for reuse.
            try db.execute(sql: "PRAGMA journal_size_limit = 33554432; PRAGMA secure_delete = FAST")
            db.add(function: RowSeals.function(sealer))
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        // Opening a pool sets NORMAL, whatever `prepareDatabase` said, so this comes after it.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try Schema.migrator.migrate(pool)
        return pool
    }

    /// A CIB sealed with another key is refused at once, not at the first secret.
    private static func checkKey(_ pool: DatabasePool, _ sealer: Sealer, _ folder: StoreFolder) throws {
        let row = Data("key_check".utf8)
        let stored = try pool.read { try Data.fetchOne($0, sql: "SELECT sealed FROM key_check") }
        guard let stored else {
            let sealed = try sealer.seal(Data("l45".utf8), row: row)
            return try pool.write { try $0.execute(sql: "INSERT INTO key_check VALUES (1, ?)", arguments: [sealed]) }
        }
        guard (try? sealer.open(stored, row: row)) != nil else {
            throw InventoryError.keyUnusable(
                path: folder.keyFile,
                reason: "is not the key of the CIB beside it; restore the root.key that belongs to cib.sqlite")
        }
    }

    /// One transaction.
    /// - Parameter doing: completes "can not ...".
    func write<Value>(_ doing: String, _ body: (Database) throws -> Value) throws(InventoryError) -> Value {
        do {
            // What an operator does is in the trail in the transaction that does it, or is not done.
            guard let audit = AuditSlot.current, audit.isOpen else { return try pool.write(body) }
            let value = try pool.write { db in
                let value = try body(db)
                try append(audit, in: db)
                return value
            }
            audit.close()
            return value
        } catch { throw explain(error, doing) }
    }

    /// Reads of one instant.
    func read<Value>(_ doing: String, _ body: (Database) throws -> Value) throws(InventoryError) -> Value {
        do { return try pool.read(body) } catch { throw explain(error, doing) }
    }

    func explain(_ error: any Error, _ doing: String) -> InventoryError {
        Self.explain(error, doing: doing, path: folder.database)
    }

    func damaged(_ detail: String) -> InventoryError { .damaged(path: folder.database, detail: detail) }

    private static func explain(_ error: any Error, doing: String, path: String) -> InventoryError {
        if let error = error as? InventoryError { return error }
        guard let error = error as? DatabaseError else {
            // Rows that do not decode or whose seal is broken: not written by us like this.
            return .damaged(path: path, detail: "can not \(doing): \(error)")
        }
        let reason = error.message ?? error.resultCode.description
        switch error.resultCode {
        case .SQLITE_FULL: return .full(path: path, doing: doing)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .damaged(path: path, detail: reason)
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            return .unwritable(path: path, doing: doing, reason: reason)
        default: return .database(path: path, doing: doing, reason: reason)
        }
    }
}
