internal import CPacketSocket
private import Glibc

/// Sends to this host's own IPv4 addresses through the kernel's own way out.
///
/// What a packet socket puts on the loopback interface is answered by other packet sockets alone: the kernel takes packets from
/// itself only where they came through its own output, and drops these as spoofed. IPv6 makes no such difference.
final class LocalSocket {
    private let descriptor: Int32

    /// Where there is no raw socket to be had, ``send(_:to:)`` says so.
    init() { descriptor = l45_raw_open() }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// - Parameter bytes: a packet from its IPv4 header on; the kernel would replace an IPID of 0.
    /// - Returns: whether the kernel took it.
    func send(_ bytes: [UInt8], to address: HostAddress) -> Bool {
        guard descriptor >= 0, case .v4 = address else { return false }
        var raw = address.raw
        return l45_raw_send(descriptor, bytes, bytes.count, &raw) >= 0
    }
}
