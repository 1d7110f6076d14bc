/// A SYN or SYN-ACK as a value: what IP and TCP headers say, and the data behind them (TCP Fast Open).
package struct HandshakePacket: Hashable, Sendable {
    package var ip: IPHeader
    package var tcp: TCPHeader
    package var payload: [UInt8]

    package init(ip: IPHeader, tcp: TCPHeader, payload: [UInt8] = []) {
        self.ip = ip
        self.tcp = tcp
        self.payload = payload
    }

    /// SYN without ACK, RST or FIN.
    package var isSYN: Bool { tcp.flags.intersection([.syn, .ack, .rst, .fin]) == .syn }
    /// SYN and ACK without RST or FIN.
    package var isSYNACK: Bool { tcp.flags.intersection([.syn, .ack, .rst, .fin]) == [.syn, .ack] }

    /// Bytes of the TCP header, 20 to 60.
    package var tcpHeaderBytes: Int { 20 + tcp.options.count }

    /// Bytes of the IP header, 20 to 60.
    package var ipHeaderBytes: Int {
        switch ip {
        case .v4(let header): 20 + header.options.count
        case .v6: 40
        }
    }

    /// What the length field of the IP header says, in bytes: all of an IPv4 packet, what follows the header in IPv6.
    package var lengthField: Int {
        switch ip {
        case .v4: ipHeaderBytes + tcpHeaderBytes + payload.count
        case .v6: tcpHeaderBytes + payload.count
        }
    }
}
