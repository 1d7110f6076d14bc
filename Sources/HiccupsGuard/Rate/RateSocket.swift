private import Glibc

/// A TCP socket that never blocks: who uses it waits with a last moment.
final class RateSocket {
    let descriptor: Int32

    init?(adopting descriptor: Int32) {
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    convenience init?(isIPv6: Bool) {
        self.init(adopting: socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    }

    deinit { close(descriptor) }

    static func address(_ host: HostAddress?, port: UInt16, isIPv6: Bool) -> [UInt8] {
        func bytes(of value: some Any) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
        if isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            if let host { withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: host.bytes) } }
            return bytes(of: address)
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        if let host { withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: host.bytes) } }
        return bytes(of: address)
    }

    /// Whether something may be read, or written, before `deadline`.
    func wait(_ events: Int32, until deadline: ContinuousClock.Instant) -> Bool {
        while true {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { return false }
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let parts = left.components
            let milliseconds = parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000
            let count = poll(&entry, 1, Int32(clamping: milliseconds + 1))
            if count > 0 { return true }
            if count < 0, errno != EINTR { return false }
        }
    }

    /// Sends zeros until `deadline`, or as many as are allowed.
    /// - Returns: how many the kernel took.
    func pour(until deadline: ContinuousClock.Instant) -> Int {
        let block = [UInt8](repeating: 0, count: RateBounds.blockBytes)
        var sent = 0
        while sent < RateBounds.bytesMax, wait(POLLOUT, until: deadline) {
            let count = send(descriptor, block, block.count, Int32(MSG_NOSIGNAL))
            if count > 0 { sent += count } else if errno != EAGAIN, errno != EINTR { break }
        }
        return sent
    }

    /// Reads until `deadline`, the end, or as many as are allowed.
    func drain(until deadline: ContinuousClock.Instant) -> Int {
        var block = [UInt8](repeating: 0, count: RateBounds.blockBytes)
        var got = 0
        while got < RateBounds.bytesMax, wait(POLLIN, until: deadline) {
            let count = recv(descriptor, &block, block.count, 0)
            if count > 0 { got += count } else if count == 0 || (errno != EAGAIN && errno != EINTR) { break }
        }
        return got
    }

    /// Bytes that were sent and are not acknowledged.
    var unacknowledged: Int {
        var count: Int32 = 0
        // SIOCOUTQ of linux/sockios.h.
        return ioctl(descriptor, UInt(0x5411), &count) == 0 ? Int(count) : 0
    }

    /// Ends the connection at once: what is queued need not arrive.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    }
}
