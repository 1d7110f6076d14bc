import Crypto
import Foundation
import GRDB
import L45Model

/// The CIB's data key, wrapped by a key that is kept apart (`KeySource`).
///
/// Everything secret derives from the data key, so a new one would be a new fleet. The wrapping key changes at will: the data
/// key is wrapped anew, and the old wrapping is forgotten once the new key is in its place. Whoever has an old wrapping key and
/// a backup of that time has the data key: against that, only a new fleet helps.
enum KeyEnvelope {
    struct Row: Sendable {
        /// Grows with each wrapping.
        let number: Int64
        /// Says which key opens it, and nothing else of it.
        let key: Data
        let wrapped: Data
    }

    /// What a database file holds of keys, before anything of it can be opened.
    struct Contents: Sendable {
        var rows: [Row] = []
        /// Something is sealed: the data key is settled.
        var isSettled = false
    }

    /// Looks at the file without writing to it; an empty one holds nothing.
    static func contents(of path: String) throws -> Contents {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        return try DatabaseQueue(path: path, configuration: configuration).read { db in
            var contents = Contents()
            if try db.tableExists("key_check") {
                contents.isSettled = try Int.fetchOne(db, sql: "SELECT count(*) FROM key_check") == 1
            }
            if try db.tableExists("wrapped_key") { contents.rows = try rows(in: db) }
            return contents
        }
    }

    static func rows(in db: Database) throws -> [Row] {
        try GRDB.Row.fetchAll(db, sql: "SELECT number, key, wrapped FROM wrapped_key ORDER BY number").map {
            Row(number: $0[0], key: $0[1], wrapped: $0[2])
        }
    }

    /// - Returns: nil when no row is for this key.
    /// - Throws: when the row that is for it does not open.
    static func open(_ rows: [Row], with wrapping: SecretBytes) throws -> (data: SecretBytes, number: Int64)? {
        let name = name(of: wrapping)
        guard let row = rows.last(where: { $0.key == name }) else { return nil }
        var bytes = try AES.GCM.open(
            AES.GCM.SealedBox(combined: row.wrapped), using: key(wrapping, "l45 cib wrap 1"), authenticating: name)
        defer { bytes.resetBytes(in: 0..<bytes.count) }
        guard bytes.count == KeySource.keyBytes else { throw CryptoKitError.incorrectKeySize }
        return (SecretBytes(bytes), row.number)
    }

    /// Adds a wrapping; those that are there stay.
    /// - Returns: its number.
    @discardableResult
    static func wrap(_ data: SecretBytes, with wrapping: SecretBytes, in db: Database) throws -> Int64 {
        let name = name(of: wrapping)
        let box = try data.withBytes {
            try AES.GCM.seal($0, using: key(wrapping, "l45 cib wrap 1"), authenticating: name)
        }
        guard let combined = box.combined else { throw CryptoKitError.incorrectParameterSize }
        try db.execute(sql: "INSERT INTO wrapped_key (key, wrapped) VALUES (?, ?)", arguments: [name, combined])
        return db.lastInsertedRowID
    }

    /// Those before this one open nothing any more. Overwritten, not only unlinked (SQLite's `secure_delete`).
    static func forget(before number: Int64, in db: Database) throws {
        try db.execute(sql: "DELETE FROM wrapped_key WHERE number < ?", arguments: [number])
    }

    private static func key(_ wrapping: SecretBytes, _ purpose: String) -> SymmetricKey {
        wrapping.withBytes { bytes in
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: SymmetricKey(data: bytes), info: Data(purpose.utf8), outputByteCount: 32)
        }
    }

    private static func name(of wrapping: SecretBytes) -> Data {
        key(wrapping, "l45 cib wrap name 1").withUnsafeBytes { Data($0.prefix(16)) }
    }
}
