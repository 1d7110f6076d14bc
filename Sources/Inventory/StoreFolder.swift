import Foundation
import L45Model
import Synchronization

/// The folder of a CIB: `cib.sqlite` (with SQLite's `-wal` and `-shm`), `root.key`, `lock`. All for the owner alone.
///
/// Holds the lock from `init` until `unlock`, the last reference is gone, or the process dies, however it dies.
final class StoreFolder: Sendable {
    let path: String
    /// The open file that holds the lock; nil: let go.
    private let lock: Mutex<Int32?>

    var database: String { path + "/cib.sqlite" }
    var keyFile: String { path + "/root.key" }

    init(_ path: String) throws(InventoryError) {
        self.path = path
        try Self.make(path)
        lock = Mutex(try Self.takeLock(path))
    }

    deinit { unlock() }

    /// Another process, or another inventory of this one, may open the folder from now on.
    func unlock() {
        lock.withLock { handle in
            if let held = handle {
                // Said, since a child that was just forked has the same open file until it executes.
                flock(held, LOCK_UN)
                close(held)
            }
            handle = nil
        }
    }

    private static func make(_ path: String) throws(InventoryError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw .folderUnusable(
                path: path, reason: "can not be made: \(reason()); name a folder whose parent exists and is writable")
        }
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
            throw .folderUnusable(path: path, reason: "is no folder that can be entered; name another")
        }
        // Whoever may write to the folder may put files of theirs in the place of ours. The mode of a folder that we
        // did not make is not ours to change.
        guard info.st_mode & 0o022 == 0 else {
            let mode = String(info.st_mode & 0o7777, radix: 8)
            throw .folderUnusable(
                path: path, reason: "others may write to it (mode \(mode)); name one of your own, or 'chmod 700' it")
        }
    }

    private static func takeLock(_ path: String) throws(InventoryError) -> Int32 {
        let file = path + "/lock"
        let handle = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard handle >= 0 else {
            throw .folderUnusable(
                path: path, reason: "can not write to it: \(reason()); it must belong to the orchestrator's user")
        }
        guard flock(handle, LOCK_EX | LOCK_NB) == 0 else {
            var text = [UInt8](repeating: 0, count: 20)
            let count = pread(handle, &text, text.count, 0)
            close(handle)
            let digits = String(decoding: text.prefix(max(0, count)), as: UTF8.self).filter(\.isNumber)
            throw .heldByAnother(path: path, holder: digits.isEmpty ? "unknown" : digits)
        }
        // For people only: the lock is what counts, so a failure to note the holder is none.
        let note = Array("\(getpid())\n".utf8)
        if ftruncate(handle, 0) == 0 { _ = pwrite(handle, note, note.count, 0) }
        return handle
    }

    /// Makes an empty database file, so that SQLite does not make one that others may read. SQLite gives its `-wal` and
    /// `-shm` the mode of the database.
    ///
    /// It precedes the key: so a key alone is never a first start that was cut short, but a CIB that was lost, and to
    /// go on with an empty one would cut off the whole fleet.
    func makeDatabaseFile() throws(InventoryError) {
        guard access(database, F_OK) == 0 || access(keyFile, F_OK) != 0 else {
            throw .databaseMissing(path: database)
        }
        let handle = open(database, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard handle >= 0 else {
            throw .unwritable(path: database, doing: "open the CIB", reason: Self.reason())
        }
        close(handle)
    }

    /// Bytes of the database file; 0 when there is none.
    func databaseBytes() -> Int {
        var info = stat()
        return stat(database, &info) == 0 ? Int(info.st_size) : 0
    }

    /// The key that opens the data key: read, or made when folder and CIB are new.
    func rootKey() throws(InventoryError) -> SecretBytes {
        guard access(keyFile, F_OK) != 0, errno == ENOENT else { return try KeySource.file(keyFile).read() }
        guard databaseBytes() == 0 else { throw .keyMissing(path: keyFile) }
        // Written aside and renamed: a crash leaves a whole key or none. It precedes the first table, so none is
        // without.
        let key = SecretBytes(randomCount: KeySource.keyBytes)
        try writeNextKey(key)
        try placeNextKey()
        return key
    }

    private var nextKeyFile: String { keyFile + ".next" }

    /// Writes a key beside the one in place, onto the disk.
    func writeNextKey(_ key: SecretBytes) throws(InventoryError) {
        unlink(nextKeyFile)
        let handle = open(nextKeyFile, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard handle >= 0 else { throw .unwritable(path: keyFile, doing: "make the root key", reason: Self.reason()) }
        defer { close(handle) }
        guard key.withBytes({ write(handle, $0.baseAddress, $0.count) }) == key.count, fsync(handle) == 0 else {
            let reason = Self.reason()
            unlink(nextKeyFile)
            throw .unwritable(path: keyFile, doing: "make the root key", reason: reason)
        }
    }

    /// Puts the key of `writeNextKey` in its place, whole.
    func placeNextKey() throws(InventoryError) {
        guard rename(nextKeyFile, keyFile) == 0 else {
            throw .unwritable(path: keyFile, doing: "put the root key in its place", reason: Self.reason())
        }
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
