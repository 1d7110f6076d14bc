internal import CPacketSocket
private import Glibc

/// An AF_PACKET socket: TCP packets from their IP header on, as they are on the wire, past netfilter and the kernel's TCP.
///
/// Bound to all protocols: a socket that is bound to ETH_P_IP alone takes packets away from programs attached below it.
/// Raw IP sockets will not do, they write an IPID of their own in the place of 0 and pass the gates in OUTPUT.
final class PacketSocket {
    let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    /// - Parameter ports: destination ports of the packets to receive, 1 to 1000.
    init(ports: [UInt16]) throws(ProbeError) {
        descriptor = try ProbeError.check(l45_packet_open(0), "open a packet socket")
        try ProbeError.check(l45_packet_filter(descriptor, ports, ports.count), "attach a packet filter")
    }

    /// Receives nothing, and costs what this host receives nothing; only sends.
    init() throws(ProbeError) {
        descriptor = try ProbeError.check(l45_packet_open_deaf(), "open a packet socket")
    }

    /// Whole frames of one interface.
    init(framesOf interface: Int32) throws(ProbeError) {
        descriptor = try ProbeError.check(l45_packet_open_frames(interface), "open a packet socket")
    }

    deinit { close(descriptor) }

    /// A packet of the wire and its way back.
    struct Received {
        let bytes: ArraySlice<UInt8>
        let link: l45_link

        /// A sender on this machine leaves the checksum to a network card; a veth has none.
        var checksums: HandshakePacket.Checksums { link.checksum_missing == 0 ? .verified : .ignored }
    }

    /// - Returns: nil when there is no more for now.
    func receive() throws(ProbeError) -> Received? {
        while true {
            var link = l45_link()
            let count = l45_packet_receive(descriptor, &buffer, buffer.count, &link)
            if count >= 0 {
                if link.outgoing != 0 { continue }
                return Received(bytes: buffer[..<count], link: link)
            }
            switch Int32(-count) {
            case EINTR, ENETDOWN: continue
            case EAGAIN: return nil
            case let code: throw .system(doing: "read a packet socket", code: code)
            }
        }
    }

    /// - Returns: errno where the interface would not take it: full, down, or too long a packet. A lost packet, to the caller.
    @discardableResult
    func send(_ bytes: [UInt8], over link: l45_link) -> Int32 {
        var link = link
        let sent = l45_packet_send(descriptor, bytes, bytes.count, &link)
        return sent < 0 ? Int32(-sent) : 0
    }

    @discardableResult
    func sendFrame(_ bytes: [UInt8]) -> Int32 {
        let sent = l45_frame_send(descriptor, bytes, bytes.count)
        return sent < 0 ? Int32(-sent) : 0
    }

    /// Waits until one of `sockets` has something, or `nanoseconds` have passed.
    static func wait(_ sockets: [PacketSocket], nanoseconds: Int64) {
        wait(descriptors: sockets.map(\.descriptor), nanoseconds: nanoseconds)
    }

    static func wait(descriptors: [Int32], nanoseconds: Int64) {
        var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        // Whole milliseconds, rounded up: to wake early would be to spin.
        _ = poll(&entries, nfds_t(entries.count), Int32(clamping: (max(0, nanoseconds) + 999_999) / 1_000_000))
    }
}

extension HandshakePacket {
    /// - Returns: nil where it is no TCP packet that can be read, or one whose checksum is wrong.
    init?(_ received: PacketSocket.Received) {
        guard let packet = try? HandshakePacket(parsing: received.bytes.span, checksums: received.checksums) else {
            return nil
        }
        self = packet
    }
}
