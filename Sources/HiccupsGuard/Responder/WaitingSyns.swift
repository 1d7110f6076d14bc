/// SYNs that may be under ``AppSalt``, whose secret is the data that comes behind the handshake. Any of them may: what recomputes
/// fragments on the way leaves public ones that match.
///
/// A flood of SYNs costs no more than ``countMax`` of them: the oldest leave first.
struct WaitingSyns {
    static let countMax = 4096
    /// How long the data may take.
    static let patience = Duration.seconds(10)

    private struct Key: Hashable {
        let source: HostAddress
        let destination: HostAddress
        let sourcePort: UInt16
        let destinationPort: UInt16

        init(_ packet: HandshakePacket) {
            source = packet.ip.source
            destination = packet.ip.destination
            sourcePort = packet.tcp.sourcePort
            destinationPort = packet.tcp.destinationPort
        }
    }

    private var syns: [Key: (syn: HandshakePacket, at: ContinuousClock.Instant)] = [:]
    private var order = Ring<(key: Key, at: ContinuousClock.Instant)>()
    private var count = 0

    mutating func keep(_ syn: HandshakePacket, now: ContinuousClock.Instant) {
        let key = Key(syn)
        syns[key] = (syn, now)
        order.append((key, now))
        count += 1
        while count > 0, let first = order.first, count > Self.countMax || now - first.at > Self.patience {
            _ = order.popFirst()
            count -= 1
            if syns[first.key]?.at == first.at { syns[first.key] = nil }
        }
    }

    /// The answer to the first data of a connection whose SYN waits for it.
    ///
    /// - Returns: an IP packet; nil where no SYN waits, or the segment does not follow it.
    mutating func answer(_ data: HandshakePacket, now: ContinuousClock.Instant) -> [UInt8]? {
        let key = Key(data)
        guard !data.payload.isEmpty, let waiting = syns[key], now - waiting.at <= Self.patience,
            data.tcp.sequence == waiting.syn.tcp.sequence &+ 1,
            let ip = IPHeader(from: data.ip.destination, to: data.ip.source)
        else { return nil }
        let reading = waiting.syn.readSYN(by: .appSalted(AppSalt(data.payload)))
        var tcp = TCPHeader(
            sourcePort: data.tcp.destinationPort, destinationPort: data.tcp.sourcePort, flags: [.ack, .psh])
        tcp.sequence = data.tcp.acknowledgement
        tcp.acknowledgement = data.tcp.sequence &+ UInt32(data.payload.count)
        tcp.window = 0xffff
        return try? HandshakePacket(ip: ip, tcp: tcp, payload: AppSaltVerdict.line(reading.matches)).wireBytes()
    }
}
