import Foundation

/// A datagram socket at a path, as syslog's and journald's are.
final class LogSocket: Sendable {
    private let handle: Int32

    init(at path: String) throws {
        handle = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(handle, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw Unexpected("\(path): \(String(cString: strerror(errno)))") }
    }

    deinit { close(handle) }

    /// The next datagram; nil when none comes within 20 s.
    func next() async -> String? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [handle] in
                var wanted = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
                guard poll(&wanted, 1, 20_000) == 1 else { return continuation.resume(returning: nil) }
                var bytes = [UInt8](repeating: 0, count: 65_536)
                let count = recv(handle, &bytes, bytes.count, 0)
                continuation.resume(returning: String(decoding: bytes.prefix(max(0, count)), as: UTF8.self))
            }
        }
    }
}
