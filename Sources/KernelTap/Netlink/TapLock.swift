import Foundation

/// One agent at a time drives the tap of a network namespace: a locked file, named after the namespace, that the system lets
/// go of when the process ends.
final class TapLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `TapError.kernelTapBusy` when another process has it, `TapError.system`.
    init(folder: String) throws(TapError) {
        var space = stat()
        guard stat("/proc/self/ns/net", &space) == 0 else {
            throw .system(operation: "name the network namespace by", path: "/proc/self/ns/net", errno: errno)
        }
        do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
            throw .system(operation: "make the folder", path: folder, errno: Self.number(of: error))
        }
        let path = "\(folder)/kernel-tap.\(space.st_ino).lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system(operation: "open", path: path, errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            close(descriptor)
            if reason == EWOULDBLOCK { throw .kernelTapBusy(lock: path) }
            throw .system(operation: "lock", path: path, errno: reason)
        }
        self.descriptor = descriptor
    }

    deinit {
        // Said, since a child that was just forked has the same open file until it executes.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func number(of error: any Error) -> Int32 {
        let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
        return cause.domain == NSPOSIXErrorDomain ? Int32(clamping: cause.code) : EIO
    }
}
