import Foundation
import HiccupsGuard

/// Real connections of the kernel's TCP, each with a last moment.
enum Transfer {
    enum Flavour: Sendable {
        case plain, multipath, fastOpen
        var port: UInt16 {
            switch self {
            case .plain: 7090
            case .multipath: 7091
            case .fastOpen: 7092
            }
        }
        /// IPPROTO_MPTCP of linux/in.h.
        var protocolNumber: Int32 { self == .multipath ? 262 : 0 }
    }

    static let span = Duration.milliseconds(500)
    /// Enough for a handshake and some data.
    static let glance = Duration.milliseconds(30)
    private static let block = [UInt8](repeating: 0x6c, count: 64 << 10)

    /// - Parameter host: an address of IPv4 or IPv6; `::` stands for all of both.
    private static func withAddress<Value>(
        _ host: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
    ) -> Value {
        if isIPv6(host) {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            inet_pton(AF_INET6, host, &address.sin6_addr)
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func isIPv6(_ host: String) -> Bool { host.contains(":") }

    private static func open(_ flavour: Flavour, for host: String) throws -> Int32 {
        let descriptor = socket(isIPv6(host) ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), flavour.protocolNumber)
        guard descriptor >= 0 else {
            throw Failure("no TCP socket of the sort \(flavour): \(String(cString: strerror(errno)))")
        }
        return descriptor
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    // MARK: The far end

    /// Serves until told to stop, every connection on a thread of its own; runs in this thread's network namespace.
    static func serve(_ stop: StopFlag, ready: () -> Void) throws {
        var listeners: [pollfd] = []
        for flavour in [Flavour.plain, .multipath, .fastOpen] {
            let listener = try open(flavour, for: "::")
            var queue: Int32 = 64
            if flavour == .fastOpen {
                setsockopt(listener, Int32(IPPROTO_TCP), TCP_FASTOPEN, &queue, socklen_t(MemoryLayout<Int32>.size))
            }
            let code = withAddress("::", flavour.port) { bind(listener, $0, $1) }
            guard code == 0, listen(listener, 64) == 0 else {
                throw Failure("cannot listen on \(flavour.port): \(String(cString: strerror(errno)))")
            }
            listeners.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0))
        }
        ready()
        while !stop.isSet {
            guard poll(&listeners, nfds_t(listeners.count), 50) > 0 else { continue }
            for each in listeners where each.revents != 0 {
                let connection = accept(each.fd, nil, nil)
                guard connection >= 0 else { continue }
                Thread.detachNewThread { answer(connection) }
            }
        }
        for each in listeners { close(each.fd) }
    }

    /// The first byte says what is wanted: to be read from, written to, or answered.
    private static func answer(_ connection: Int32) {
        defer { reset(connection) }
        var buffer = block
        let end = ContinuousClock.now + .seconds(20)
        guard wait(connection, POLLIN, end), recv(connection, &buffer, 1, 0) == 1 else { return }
        switch buffer[0] {
        case UInt8(ascii: "u"):
            while wait(connection, POLLIN, end), recv(connection, &buffer, buffer.count, 0) > 0 {}
        case UInt8(ascii: "d"):
            while wait(connection, POLLOUT, end),
                send(connection, block, block.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) > 0
                    || errno == EAGAIN
            {}
        default:
            send(connection, block, 1, Int32(MSG_NOSIGNAL))
            // Whoever asked closes first.
            _ = wait(connection, POLLIN, ContinuousClock.now + .seconds(5))
        }
    }

    // MARK: The near end

    /// Bits a second over one connection; 0 where nothing gets through.
    static func rate(_ host: String, _ flavour: Flavour, upload: Bool, for span: Duration = span) throws -> Double {
        let connection = try open(flavour, for: host)
        defer { reset(connection) }
        _ = fcntl(connection, F_SETFL, O_NONBLOCK)
        let code = withAddress(host, flavour.port) { connect(connection, $0, $1) }
        guard code == 0 || errno == EINPROGRESS, wait(connection, POLLOUT, .now + .seconds(3)) else { return 0 }
        guard send(connection, upload ? "u" : "d", 1, Int32(MSG_NOSIGNAL)) == 1 else { return 0 }
        let begin = ContinuousClock.now
        var bytes = 0
        var buffer = block
        while ContinuousClock.now < begin + span {
            guard wait(connection, upload ? POLLOUT : POLLIN, begin + span) else { break }
            let count =
                upload
                ? send(connection, block, block.count, Int32(MSG_NOSIGNAL)) : recv(connection, &buffer, buffer.count, 0)
            if count == 0 || (count < 0 && errno != EAGAIN) { break }
            bytes += max(0, count)
        }
        if upload {
            // What is not acknowledged has not got through.
            var queued: Int32 = 0
            // SIOCOUTQ of linux/sockios.h.
            _ = ioctl(connection, 0x5411, &queued)
            bytes = max(0, bytes - Int(queued))
        }
        return Double(bytes * 8) / ((ContinuousClock.now - begin) / .seconds(1))
    }

    /// Exchanges a second, each over a connection of its own whose SYN asks for fast open.
    static func openings(_ host: String, count: Int = 3) throws -> Double {
        let begin = ContinuousClock.now
        var done = 0
        for _ in 0..<count {
            let connection = try open(.fastOpen, for: host)
            defer { close(connection) }
            // Blocking: a socket that is not never waits for the cookie.
            var bound = timeval(tv_sec: 5, tv_usec: 0)
            setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
            // MSG_FASTOPEN of linux/socket.h.
            let sent = withAddress(host, Flavour.fastOpen.port) { sendto(connection, "e", 1, 0x2000_0000, $0, $1) }
            var answer: UInt8 = 0
            if sent == 1, recv(connection, &answer, 1, 0) == 1 { done += 1 }
        }
        return Double(done) / ((ContinuousClock.now - begin) / .seconds(1))
    }

    private static func wait(_ descriptor: Int32, _ events: Int32, _ deadline: ContinuousClock.Instant) -> Bool {
        let left = Int((deadline - .now) / .milliseconds(1))
        guard left > 0 else { return false }
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return poll(&entry, 1, Int32(clamping: left)) > 0
    }

    /// What is queued need not be drained.
    private static func reset(_ connection: Int32) {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(connection, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        close(connection)
    }
}
