extension HandshakePacket {
    /// The packet from its IP header on, with lengths and checksums as they must be.
    ///
    /// - Throws: ``PacketError/packetTooLong(bytes:most:)`` where the payload leads beyond the 16-bit length field.
    package func wireBytes() throws(PacketError) -> [UInt8] {
        guard lengthField <= 0xffff else { throw .packetTooLong(bytes: lengthField, most: 0xffff) }
        let length = UInt16(lengthField)
        var out: [UInt8] = []
        out.reserveCapacity(ipHeaderBytes + tcpHeaderBytes + payload.count)
        switch ip {
        case .v4(let header):
            out.append(0x40 | UInt8(ipHeaderBytes / 4))
            out.append(header.dscp << 2 | header.ecn.rawValue)
            out.append(big: length)
            out.append(big: header.identification)
            out.append(big: UInt16(header.reservedBit ? 0x8000 : 0) | (header.dontFragment ? 0x4000 : 0))
            out.append(header.timeToLive)
            out.append(Self.tcpProtocol)
            out.append(big: UInt16(0))
            out.append(big: header.source)
            out.append(big: header.destination)
            out.append(header.options)
            var sum = InternetChecksum()
            sum.add(out.span, 0..<out.count)
            out.set(big: sum.value, at: 10)
        case .v6(let header):
            let trafficClass = UInt32(header.dscp & 0x3f) << 2 | UInt32(header.ecn.rawValue)
            out.append(big: 0x6000_0000 | trafficClass << 20 | header.flowLabel & 0xfffff)
            out.append(big: length)
            out.append(Self.tcpProtocol)
            out.append(header.hopLimit)
            for word in [header.source.high, header.source.low, header.destination.high, header.destination.low] {
                out.append(big: UInt32(truncatingIfNeeded: word >> 32))
                out.append(big: UInt32(truncatingIfNeeded: word))
            }
        }
        let at = out.count
        out.append(big: tcp.sourcePort)
        out.append(big: tcp.destinationPort)
        out.append(big: tcp.sequence)
        out.append(big: tcp.acknowledgement)
        out.append(big: UInt16(tcpHeaderBytes / 4) << 12 | UInt16(tcp.reservedBits & 7) << 9 | tcp.flags.rawValue)
        out.append(big: tcp.window)
        out.append(big: UInt16(0))
        out.append(big: tcp.urgentPointer)
        out.append(tcp.options)
        out.append(contentsOf: payload)
        var sum = InternetChecksum()
        sum.addPseudoHeader(ip, tcpBytes: out.count - at)
        sum.add(out.span, at..<out.count)
        out.set(big: sum.value, at: at + 16)
        return out
    }
}

extension [UInt8] {
    fileprivate mutating func append(big word: UInt16) {
        append(UInt8(word >> 8))
        append(UInt8(truncatingIfNeeded: word))
    }

    fileprivate mutating func append(big word: UInt32) {
        append(big: UInt16(word >> 16))
        append(big: UInt16(truncatingIfNeeded: word))
    }

    fileprivate mutating func append(_ block: OptionBlock) {
        for at in 0..<block.count { append(block[at]) }
    }

    fileprivate mutating func set(big word: UInt16, at index: Int) {
        self[index] = UInt8(word >> 8)
        self[index + 1] = UInt8(truncatingIfNeeded: word)
    }
}
