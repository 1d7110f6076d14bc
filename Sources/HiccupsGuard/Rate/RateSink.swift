private import Glibc
import L45Model
internal import Synchronization

/// The far end of test transfers: an ordinary listening port, for the devices that look at their paths to this one alone.
final class RateSink: Sendable {
    private let port: UInt16
    private let openers: Mutex<[AddressBlock]>

    init(port: UInt16, openers: [AddressBlock]) {
        self.port = port
        self.openers = Mutex(openers)
    }

    /// Others may transfer from now on.
    func allow(_ openers: [AddressBlock]) { self.openers.withLock { $0 = openers } }

    /// Serves one connection after another, so that no two are measured at a time; blocks until told to stop.
    /// - Throws: where the port can not be had.
    func run(_ stop: StopFlag, ready: () -> Void) throws(ProbeError) {
        var listeners: [RateSocket] = []
        for isIPv6 in [false, true] {
            if let listener = try listener(isIPv6) { listeners.append(listener) }
        }
        ready()
        while !stop.isSet {
            var entries = listeners.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
            _ = poll(&entries, nfds_t(entries.count), Int32(StopFlag.lookEvery / 1_000_000))
            for listener in listeners { serve(listener) }
        }
    }

    /// - Returns: nil where the host has no such family.
    private func listener(_ isIPv6: Bool) throws(ProbeError) -> RateSocket? {
        guard let socket = RateSocket(isIPv6: isIPv6) else {
            if isIPv6 { return nil }
            throw .system(doing: "open a TCP socket", code: errno)
        }
        var one: Int32 = 1
        setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        if isIPv6 {
            setsockopt(
                socket.descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, socklen_t(MemoryLayout<Int32>.size))
        }
        let address = RateSocket.address(nil, port: port, isIPv6: isIPv6)
        let code = address.withUnsafeBytes { raw in
            raw.baseAddress.map {
                bind(socket.descriptor, $0.assumingMemoryBound(to: sockaddr.self), UInt32(raw.count))
            }
        }
        guard code == 0, listen(socket.descriptor, 16) == 0 else {
            if isIPv6, errno == EADDRNOTAVAIL { return nil }
            if errno == EADDRINUSE { throw .portTaken(port) }
            throw .system(doing: "listen on TCP port \(port)", code: errno)
        }
        return socket
    }

    private func serve(_ listener: RateSocket) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let descriptor = withUnsafeMutableBytes(of: &storage) { raw in
            raw.baseAddress.map { accept(listener.descriptor, $0.assumingMemoryBound(to: sockaddr.self), &length) }
        }
        guard let descriptor, let socket = RateSocket(adopting: descriptor) else { return }
        defer { socket.reset() }
        guard let peer = Self.peer(storage), openers.withLock({ blocks in blocks.contains { $0.contains(peer) } })
        else {
            return
        }
        let span = Duration.milliseconds(RateBounds.spanMilliseconds)
        var go = RateBounds.go
        guard send(socket.descriptor, &go, 1, Int32(MSG_NOSIGNAL)) == 1 else { return }
        // The near end stops after its span; what it has queued is waited for a little.
        _ = socket.drain(until: .now + span * 3)
        _ = socket.pour(until: .now + span * 3 / 2)
        // Only now may it be cut off.
        var rest: UInt8 = 0
        _ = socket.wait(POLLIN, until: .now + .milliseconds(200)) ? recv(socket.descriptor, &rest, 1, 0) : 0
    }

    private static func peer(_ storage: sockaddr_storage) -> AddressBlock? {
        withUnsafeBytes(of: storage) { raw in
            let isIPv6 = Int32(storage.ss_family) == AF_INET6
            let offset = isIPv6 ? 8 : 4
            let bytes = Array(raw[offset..<offset + (isIPv6 ? 16 : 4)])
            return AddressBlock("\(HostAddress(bytes: bytes, isIPv6: isIPv6))")
        }
    }
}
