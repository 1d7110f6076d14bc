internal import CPacketSocket
private import Glibc

/// A TCP port on which the kernel is kept quiet: no RST to the SYN-ACKs that answer our SYNs, none to SYNs that we answer.
///
/// It is a listening socket with a filter that drops whatever reaches it. The kernel finds a socket, so it sends no RST; the
/// filter runs before TCP looks at the packet, so nothing else is sent either; and nobody else gets the port. Packet sockets see the
/// packets before all that. In contrast to a firewall rule nothing is left behind, however the process ends, and the
/// firewall is not touched at all.
final class HeldPort {
    private let descriptors: [Int32]
    let number: UInt16

    /// - Parameters:
    ///   - port: 0 for any.
    ///   - isIPv6: for IPv6 besides IPv4, where the host has it.
    init(_ port: UInt16 = 0, isIPv6: Bool = true) throws(ProbeError) {
        // A number that is free for IPv4 may be taken for IPv6; another one is then drawn.
        for _ in 0..<64 {
            var taken: UInt16 = 0
            let first = l45_port_hold(AF_INET, port, &taken)
            if first == -EADDRINUSE { throw .portTaken(port) }
            try ProbeError.check(first, "hold TCP port \(port)")
            guard isIPv6 else {
                (descriptors, number) = ([first], taken)
                return
            }
            let second = l45_port_hold(AF_INET6, taken, &taken)
            if second >= 0 || second == -EAFNOSUPPORT {
                (descriptors, number) = (second >= 0 ? [first, second] : [first], taken)
                return
            }
            close(first)
            guard second == -EADDRINUSE else { throw .system(doing: "hold TCP port \(taken)", code: -second) }
            if port != 0 { throw .portTaken(port) }
        }
        throw .portTaken(port)
    }

    deinit { for descriptor in descriptors { close(descriptor) } }
}
