/// The end that answers.
package struct Responder: Sendable {
    package var functions: FragmentFunctions
    /// Announced in place of the peer's, in bytes.
    package var maximumSegmentSize: UInt16
    /// Shift count, where the peer scales.
    package var windowScale: UInt8
    /// TSval, where the peer sends timestamps.
    package var timestamp: UInt32

    /// No connection is ever made under it.
    private static let multipathKey: [UInt8] = [0x4c, 0x34, 0x35, 0x2d, 0x70, 0x72, 0x6f, 0x62]

    package init(
        functions: FragmentFunctions = .plain, maximumSegmentSize: UInt16 = 1460, windowScale: UInt8 = 9,
        timestamp: UInt32 = 1
    ) {
        self.functions = functions
        self.maximumSegmentSize = maximumSegmentSize
        self.windowScale = windowScale
        self.timestamp = timestamp
    }

    /// The SYN-ACK for `syn` and what was read from it.
    package func answer(_ syn: HandshakePacket, salt: UInt16) -> (synAck: HandshakePacket, reading: SynReading) {
        let reading = syn.readSYN(by: functions)
        var synAck = reply(to: syn)
        synAck.sealSYNACK(answering: reading, salt: salt, by: functions)
        return (synAck, reading)
    }

    /// The SYN-ACK without integrity. Whatever the SYN has, it has too: what is not there cannot be seen to change on
    /// the way back.
    private func reply(to syn: HandshakePacket) -> HandshakePacket {
        let ip: IPHeader
        switch syn.ip {
        case .v4(let header):
            var back = IPv4Header(source: header.destination, destination: header.source)
            back.ecn = header.ecn
            ip = .v4(back)
        case .v6(let header):
            var back = IPv6Header(source: header.destination, destination: header.source)
            back.ecn = header.ecn
            ip = .v6(back)
        }
        var tcp = TCPHeader(
            sourcePort: syn.tcp.destinationPort, destinationPort: syn.tcp.sourcePort,
            flags: [.syn, .ack])
        // Both ECN flags, not ECE alone: a plain SYN-ACK would hide what becomes of CWR.
        tcp.flags.formUnion(syn.tcp.flags.intersection(.ecn))
        tcp.acknowledgement = syn.tcp.sequence &+ 1
        tcp.options = mirrored(syn.tcp.options)
        return HandshakePacket(ip: ip, tcp: tcp)
    }

    /// The same kinds in the same places with values of our own; padding and malformed rests are not taken over.
    private func mirrored(_ options: OptionBlock) -> OptionBlock {
        var back = OptionBlock()
        for option in options.options {
            let mine: TCPOption =
                switch option {
                case .maximumSegmentSize: .maximumSegmentSize(maximumSegmentSize)
                case .windowScale: .windowScale(windowScale)
                case .timestamp(let value, _): .timestamp(value: timestamp, echo: value)
                // MP_CAPABLE: the SYN-ACK's bears a key where the SYN's has none (RFC 8684 section 3.1).
                case .multipath(let rest) where rest.count == 2: .multipath(rest + Self.multipathKey)
                default: option
                }
            if !back.append(mine) { _ = back.append(option) }
        }
        return back
    }
}
