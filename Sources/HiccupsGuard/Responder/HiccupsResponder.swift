/// Answers HICCUPS SYNs on ports of its own, without the kernel's TCP.
///
/// It keeps nothing of a SYN, as SYN cookies do: the salt follows from the SYN and a secret of this run, so that a retransmitted
/// SYN gets the same answer, and a flood costs no memory. Data in a SYN (TCP Fast Open) is not acknowledged, which sends the
/// opener back to the plain handshake. The ACK that ends a handshake is answered by RST: there is no service here.
package final class HiccupsResponder {
    /// What came in: the header as it arrived, and what its fragments say.
    package struct Seen: Sendable {
        package let syn: HandshakePacket
        package let reading: SynReading
    }

    private let ports: [HeldPort]
    private let socket: PacketSocket
    private let key: PathKey?
    private let secret = PathKey(low: .random(in: .min ... .max), high: .random(in: .min ... .max))

    /// - Parameters:
    ///   - ports: TCP ports that nobody listens on, 1 to 1000; 0 takes any that is free.
    ///   - key: the secret of keyed integrity; SYNs under the public functions are answered under those all the same.
    package init(ports: [UInt16], key: PathKey? = nil) throws(ProbeError) {
        var held: [HeldPort] = []
        for port in ports { held.append(try HeldPort(port)) }
        self.ports = held
        self.key = key
        socket = try PacketSocket(ports: held.map(\.number))
    }

    /// The ports that are answered on.
    package var numbers: [UInt16] { ports.map(\.number) }

    /// Answers until told to stop; blocks.
    package func run(_ stop: StopFlag, seen: (Seen) -> Void = { _ in }) throws(ProbeError) {
        while !stop.isSet {
            PacketSocket.wait([socket], nanoseconds: StopFlag.lookEvery)
            for _ in 0..<512 {
                guard let received = try socket.receive() else { break }
                // Between bind and filter a packet socket takes in everything.
                guard let packet = HandshakePacket(received), numbers.contains(packet.tcp.destinationPort) else {
                    continue
                }
                if packet.isSYN {
                    let answer = answer(packet)
                    if let bytes = try? answer.synAck.wireBytes() { socket.send(bytes, over: received.link) }
                    seen(Seen(syn: packet, reading: answer.reading))
                } else if let bytes = reset(packet) {
                    socket.send(bytes, over: received.link)
                }
            }
        }
    }

    private func answer(_ syn: HandshakePacket) -> (synAck: HandshakePacket, reading: SynReading) {
        let salt = salt(syn)
        let plain = Responder().answer(syn, salt: salt)
        guard let key else { return plain }
        let slot = TimeSlot.current()
        var best = Responder(functions: .keyed(key, exchange: slot)).answer(syn, salt: salt)
        for other in [slot &- 1, slot &+ 1] where best.reading.matches.count({ $0 }) < 2 {
            let next = Responder(functions: .keyed(key, exchange: other)).answer(syn, salt: salt)
            if next.reading.matches.count({ $0 }) > best.reading.matches.count({ $0 }) { best = next }
        }
        if best.reading.matches.count({ $0 }) < 2, plain.reading.matches.count({ $0 }) >= 2 { return plain }
        return best
    }

    private func salt(_ syn: HandshakePacket) -> UInt16 {
        var bytes = syn.ip.source.bytes + syn.ip.destination.bytes
        for word in [UInt32(syn.tcp.sourcePort) << 16 | UInt32(syn.tcp.destinationPort), syn.tcp.sequence] {
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
        }
        return UInt16(truncatingIfNeeded: SipHash.hash(bytes.span, key: secret))
    }

    /// For what is no SYN, by RFC 9293 section 3.5.2; never in answer to an RST.
    private func reset(_ packet: HandshakePacket) -> [UInt8]? {
        let flags = packet.tcp.flags
        guard flags.isDisjoint(with: [.rst, .syn]), flags.contains(.ack),
            let ip = IPHeader(from: packet.ip.destination, to: packet.ip.source)
        else { return nil }
        var tcp = TCPHeader(
            sourcePort: packet.tcp.destinationPort, destinationPort: packet.tcp.sourcePort, flags: .rst)
        tcp.sequence = packet.tcp.acknowledgement
        return try? HandshakePacket(ip: ip, tcp: tcp).wireBytes()
    }
}
