import Foundation

/// A Unix domain socket that listens, with mode 0600 from its first moment, or 0660 for a group.
struct ListeningSocket {
    let path: String
    let descriptor: CInt
    private let inode: UInt64

    /// Binds at `path` in place of a socket that nobody serves any more.
    static func open(_ path: String, group: UInt32? = nil) throws(ListenError) -> ListeningSocket {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        let bytes = Array(path.utf8)
        guard bytes.count < room else { throw .pathTooLong(path, bytes: bytes.count, bytesMax: room - 1) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }

        if try isServed(&address, path) { throw .inUse(path) }
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .failed("socket", path, errno) }
        // On Linux the file takes its mode from the socket, so there is no moment at which others may connect.
        let done = fchmod(descriptor, 0o600) == 0 && bind(descriptor, &address) == 0 && listen(descriptor, 64) == 0
        guard done, let inode = inode(of: path) else {
            let code = errno
            close(descriptor)
            throw .failed("bind", path, code)
        }
        if let group, chown(path, uid_t.max, group) != 0 || chmod(path, 0o660) != 0 {
            let code = errno
            close(descriptor)
            unlink(path)
            throw .failed("give it to group \(group)", path, code)
        }
        return ListeningSocket(path: path, descriptor: descriptor, inode: inode)
    }

    /// Takes the file away, unless another server has put its own in its place.
    func removeFile() {
        if Self.inode(of: path) == inode { unlink(path) }
    }

    /// Whether somebody accepts at the path; a socket that nobody serves is removed.
    private static func isServed(_ address: inout sockaddr_un, _ path: String) throws(ListenError) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0 else { return false }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path) }
        let probe = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { throw .failed("socket", path, errno) }
        defer { close(probe) }
        if connect(probe, &address) == 0 { return true }
        guard errno == ECONNREFUSED else { throw .failed("connect", path, errno) }
        unlink(path)
        return false
    }

    private static func inode(of path: String) -> UInt64? {
        var status = stat()
        return lstat(path, &status) == 0 ? UInt64(status.st_ino) : nil
    }

    private static func bind(_ descriptor: CInt, _ address: inout sockaddr_un) -> CInt {
        withGeneric(&address) { Foundation.bind(descriptor, $0, $1) }
    }

    private static func connect(_ descriptor: CInt, _ address: inout sockaddr_un) -> CInt {
        withGeneric(&address) { Foundation.connect(descriptor, $0, $1) }
    }

    private static func withGeneric(
        _ address: inout sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

/// Why the operator's socket cannot be served.
package enum ListenError: Error, Hashable, CustomStringConvertible {
    case pathTooLong(String, bytes: Int, bytesMax: Int)
    case inUse(String)
    case notASocket(String)
    case failed(String, String, CInt)

    package var description: String {
        switch self {
        case .pathTooLong(let path, let bytes, let bytesMax):
            "the socket's path '\(path)' has \(bytes) bytes, the kernel takes \(bytesMax): use a shorter --state folder"
        case .inUse(let path):
            "another orchestrator serves '\(path)': stop it, or give this one another --state folder"
        case .notASocket(let path):
            "'\(path)' is there and is no socket: move it away, or use another --state folder"
        case .failed(let call, let path, let code):
            "cannot serve '\(path)': \(call): \(String(cString: strerror(code)))"
        }
    }
}
