import Foundation
import GRDB
import L45Model

extension Inventory {
    /// Copies the CIB as it is at this instant into one file, while others go on writing.
    ///
    /// Secrets in it are sealed, so it is of use only beside the same `root.key`, which is not copied. To restore: put
    /// it in place of `cib.sqlite` with no `-wal` and no `-shm` beside it.
    /// - Parameter path: a file that does not exist yet. It appears whole, with mode 0600, or not at all.
    package func backup(to path: String) throws(InventoryError) {
        guard access(path, F_OK) != 0 else { throw .backupExists(path: path) }
        let partial = path + ".partial"
        remove(partial)
        let handle = open(partial, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard handle >= 0 else {
            throw .unwritable(path: path, doing: "make a backup", reason: String(cString: strerror(errno)))
        }
        Foundation.close(handle)
        do {
            let target = try DatabaseQueue(path: partial)
            try pool.backup(to: target)
            try target.close()
            // Refuses a file that came to be there meanwhile, where rename would overwrite it.
            guard link(partial, path) == 0 else { throw InventoryError.backupExists(path: path) }
            remove(partial)
        } catch {
            remove(partial)
            throw explain(error, "make the backup \(path)")
        }
    }

    /// Looks for damage: SQLite's own check, foreign keys, every seal, every digest.
    /// - Returns: what was found, in words; empty when all is well.
    package func verify() throws(InventoryError) -> [String] {
        var found = try read("check the CIB") { db in
            try String.fetchAll(db, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
                + Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { "a row of \($0[0] as String) hangs loose" }
        }
        found += try read("check the rows") { db in
            try RowSeals.all.flatMap { table in
                try RowSeals.broken(table, most: 20, in: db).map { "\(table.noun) '\($0)' is not as it was stored" }
            }
        }
        do {
            if let fault = try verifyAudit().fault {
                found.append("entry \(fault.number) of the audit trail is broken: \(fault.reason)")
            }
            _ = try fleet()
            let names = try read("list the secrets") { try String.fetchAll($0, sql: "SELECT name FROM sealed_blob") }
            for name in names { _ = try sealed(name) }
            for reference in try artifacts() { _ = try artifact(reference) }
        } catch {
            found.append(error.description)
        }
        return found
    }

    private func remove(_ file: String) {
        for suffix in ["", "-wal", "-shm", "-journal"] { unlink(file + suffix) }
    }
}
