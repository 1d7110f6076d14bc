import Glibc

/// One datagram to a Unix socket.
enum LocalDatagram {
    /// Never waits: a receiver that is behind counts as not there.
    /// - Returns: why it was not taken; nil: it was.
    static func send(_ bytes: [UInt8], to path: String) -> String? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard !path.isEmpty, path.utf8.count < room else { return "\(path): longer than \(room - 1) bytes" }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let handle = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard handle >= 0 else { return "\(path): \(reason())" }
        defer { close(handle) }
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                sendto(
                    handle, bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL), pointer,
                    socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return sent == bytes.count ? nil : "\(path): \(reason())"
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
