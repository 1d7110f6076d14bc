import Foundation
import KernelTap
import L45Model

/// The probe's own sockets, tapped.
extension TapStory {
    static func sockets(_ tap: NetlinkTap, _ heard: Notices, _ checks: inout Checks) {
        guard let published = try? tap.read().published.rawValue else { return }
        guard let server = Datagram(port: 5300) else { return }
        guard let client = Datagram(port: 0) else { return }
        checks.check("a socket that was open before is tapped, tags what it sends, and is counted and named") {
            try tap.publish(Tables.table(published + 1, [Tables.entry(1, label: "probe")]))
            guard client.send("hello", to: 5300), let message = server.receive() else { return false }
            guard message.count == 5 + 32, message.suffix(5) == Array("hello".utf8)[...] else {
                print("       \(message.count) bytes arrived")
                return false
            }
            let module = try settled(tap).modules.first
            print("       \(module?.filledIn ?? [])")
            return module?.statistics.messagesSent == 1 && module?.statistics.bytesSent == 5
                && module?.sockets ?? 0 >= 1
                && module?.filledIn.contains { $0.hasPrefix("udp \(Tables.process)/") } == true
                && (module?.activeAt ?? .never) > .never
        }
        checks.check("one that opens later is tapped on its first message, and its attachment is told") {
            heard.forget()
            guard let later = Datagram(port: 0), later.send("again", to: 5300), let message = server.receive() else {
                return false
            }
            return message.count == 5 + 32 && Checks.within(seconds: 10) { heard.kinds.contains(.attached) }
        }
        checks.check("the flow of a socket that is gone is still shown") {
            let flows = try settled(tap).modules.first?.filledIn ?? []
            return flows.count >= 2
        }
        checks.check("withdrawn, both speak plain again") {
            try tap.publish(Tables.table(published + 2, []))
            return client.send("plain", to: 5300) && server.receive() == Array("plain".utf8)
        }
    }
}

/// A UDP socket on loopback.
final class Datagram {
    private let descriptor: Int32

    init?(port: UInt16) {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var timeout = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        guard descriptor >= 0, Self.with(port, { bind(descriptor, $0, $1) }) == 0 else { return nil }
    }

    deinit { close(descriptor) }

    func send(_ text: String, to port: UInt16) -> Bool {
        let bytes = Array(text.utf8)
        return Self.with(port) { sendto(descriptor, bytes, bytes.count, 0, $0, $1) } == bytes.count
    }

    func receive() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 2048)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : Array(buffer.prefix(count))
    }

    private static func with<Result>(
        _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
