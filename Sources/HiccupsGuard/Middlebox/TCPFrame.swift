/// An Ethernet frame that bears a whole TCP packet: where its parts lie, and edits that keep the checksum right.
struct TCPFrame {
    static let linkBytes = 14

    var bytes: [UInt8]
    let isIPv6: Bool
    /// Where the TCP header begins, and where the packet ends; link padding follows.
    let tcp: Int
    let end: Int

    /// - Returns: nil for whatever else a frame bears: other protocols, fragments, what is cut off.
    init?(_ bytes: [UInt8]) {
        let ip = Self.linkBytes
        guard bytes.count >= ip + 20 else { return nil }
        switch (bytes[12], bytes[13], bytes[ip] >> 4) {
        case (0x08, 0x00, 4):
            let head = Int(bytes[ip] & 15) * 4
            guard head >= 20, bytes[ip + 9] == HandshakePacket.tcpProtocol, bytes[ip + 6] & 0x3f == 0,
                bytes[ip + 7] == 0
            else { return nil }
            isIPv6 = false
            tcp = ip + head
            end = ip + Int(bytes[ip + 2]) << 8 + Int(bytes[ip + 3])
        case (0x86, 0xdd, 6):
            guard bytes.count >= ip + 40, bytes[ip + 6] == HandshakePacket.tcpProtocol else { return nil }
            isIPv6 = true
            tcp = ip + 40
            end = tcp + Int(bytes[ip + 4]) << 8 + Int(bytes[ip + 5])
        default: return nil
        }
        guard end <= bytes.count, end >= tcp + 20, Int(bytes[tcp + 12] >> 4) * 4 >= 20,
            tcp + Int(bytes[tcp + 12] >> 4) * 4 <= end
        else { return nil }
        self.bytes = bytes
    }

    var flags: UInt8 { bytes[tcp + 13] }
    /// SYN, with or without ACK, and nothing that ends a connection.
    var isHandshake: Bool { flags & 0x07 == 0x02 }
    var sourcePort: UInt16 { word16(tcp) }
    var destinationPort: UInt16 { word16(tcp + 2) }
    var source: HostAddress { address(isIPv6 ? 8 : 12) }
    var destination: HostAddress { address(isIPv6 ? 24 : 16) }

    private func address(_ offset: Int) -> HostAddress {
        let at = Self.linkBytes + offset
        return HostAddress(bytes: Array(bytes[at..<at + (isIPv6 ? 16 : 4)]), isIPv6: isIPv6)
    }

    func word16(_ at: Int) -> UInt16 { UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1]) }
    func word32(_ at: Int) -> UInt32 { UInt32(word16(at)) << 16 | UInt32(word16(at + 2)) }

    /// Writes into the TCP header, or with `isAddress` into the addresses that its checksum covers too.
    mutating func write(_ value: UInt32, at: Int, width: Int = 4) {
        var old: UInt32 = 0
        var new: UInt32 = 0
        for index in 0..<width {
            let byte = UInt8(truncatingIfNeeded: value >> UInt32(8 * (width - 1 - index)))
            // Options need not stand on even places; the sum is one of 16-bit words.
            let shift: UInt32 = (at + index - tcp) & 1 == 0 ? 8 : 0
            old += UInt32(bytes[at + index]) << shift
            new += UInt32(byte) << shift
            bytes[at + index] = byte
        }
        patch(tcp + 16, old, new)
        if !isIPv6, at < tcp { patch(Self.linkBytes + 10, old, new) }
    }

    /// RFC 1624, equation 3.
    private mutating func patch(_ at: Int, _ old: UInt32, _ new: UInt32) {
        func folded(_ sum: UInt32) -> UInt32 { (sum & 0xffff) + (sum >> 16) }
        let removed = ~folded(folded(old)) & 0xffff
        let sum = folded(folded(UInt32(~word16(at)) + removed + folded(folded(new))))
        let value = ~UInt16(truncatingIfNeeded: sum)
        bytes[at] = UInt8(value >> 8)
        bytes[at + 1] = UInt8(truncatingIfNeeded: value)
    }

    /// CE in the IP header. Its bits are no part of TCP's checksum.
    mutating func markCongestion() {
        let ip = Self.linkBytes
        guard !isIPv6 else {
            bytes[ip + 1] |= 0x30
            return
        }
        let old = UInt32(word16(ip))
        bytes[ip + 1] |= 0x03
        patch(ip + 10, old, UInt32(word16(ip)))
    }

    /// Adds to sequence number, acknowledgement and the edges of SACK blocks (RFC 2018).
    mutating func translate(sequence: UInt32, acknowledgement: UInt32) {
        if sequence != 0 { write(word32(tcp + 4) &+ sequence, at: tcp + 4) }
        guard acknowledgement != 0, flags & 0x10 != 0 else { return }
        write(word32(tcp + 8) &+ acknowledgement, at: tcp + 8)
        var at = tcp + 20
        let stop = tcp + Int(bytes[tcp + 12] >> 4) * 4
        while at + 1 < stop, bytes[at] != TCPOption.endOfListKind {
            guard bytes[at] != TCPOption.noOperationKind else {
                at += 1
                continue
            }
            let length = Int(bytes[at + 1])
            guard length >= 2, at + length <= stop else { return }
            if bytes[at] == 5 {
                for edge in stride(from: at + 2, to: at + length - 3, by: 4) {
                    write(word32(edge) &+ acknowledgement, at: edge)
                }
            }
            at += length
        }
    }

    /// Fills in the checksum that a sender left to a card that is not there.
    mutating func fillChecksum() {
        bytes[tcp + 16] = 0
        bytes[tcp + 17] = 0
        var sum = InternetChecksum()
        sum.add(bytes.span, Self.linkBytes + (isIPv6 ? 8 : 12)..<Self.linkBytes + (isIPv6 ? 40 : 20))
        sum.add(UInt16(HandshakePacket.tcpProtocol))
        sum.add(UInt32(truncatingIfNeeded: end - tcp))
        sum.add(bytes.span, tcp..<end)
        bytes[tcp + 16] = UInt8(sum.value >> 8)
        bytes[tcp + 17] = UInt8(truncatingIfNeeded: sum.value)
    }
}
