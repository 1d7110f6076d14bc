import Foundation

/// The agent's own folder (0700), held by one agent at a time: keys, ledger, artifacts.
package final class StateFolder: Sendable {
    package let path: String
    /// Open for as long as the folder is held; the kernel lets go of the lock when the process dies.
    private let lock: Int32

    /// Makes the folder where it is missing, closes it to others, and takes it.
    /// - Throws: `StateError.busy` when another agent holds it.
    package init(path: String) throws(StateError) {
        var made = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            made += made.isEmpty && !path.hasPrefix("/") ? String(part) : part.isEmpty ? "" : "/\(part)"
            if made.isEmpty { continue }
            guard mkdir(made, 0o700) == 0 || errno == EEXIST else {
                throw .system(operation: "make the state folder", path: made, errno: errno)
            }
        }
        guard chmod(path, 0o700) == 0 else {
            throw .system(operation: "close to others the state folder", path: path, errno: errno)
        }
        let file = open("\(path)/lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .system(operation: "open", path: "\(path)/lock", errno: errno) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            close(file)
            if reason == EWOULDBLOCK { throw .busy(folder: path) }
            throw .system(operation: "lock", path: "\(path)/lock", errno: reason)
        }
        self.path = path
        lock = file
    }

    deinit {
        // Said, since a child that was just forked has the same open file until it executes.
        flock(lock, LOCK_UN)
        close(lock)
    }
}
