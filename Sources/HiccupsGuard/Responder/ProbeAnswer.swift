/// What a responder says to a SYN: a pure function of the SYN, the keys, the time slot and a secret of this run.
///
/// Nothing is kept of a SYN, as with SYN cookies: the salt follows from the SYN and the secret, so that a retransmitted SYN gets
/// the same answer, and a flood costs no memory. Data in a SYN (TCP Fast Open) is not acknowledged, which sends the opener
/// back to the plain handshake.
package struct ProbeAnswer: Sendable {
    package let synAck: HandshakePacket
    package let reading: SynReading
    /// Whether a key of the ring was used; else the public functions, where a middlebox that knows them can lie.
    package let isKeyed: Bool

    /// - Parameter slot: the exchange number; its neighbours are tried too.
    package init(to syn: HandshakePacket, keys: PathKeyring, slot: UInt64, secret: PathKey) {
        let salt = Self.salt(syn, secret)
        let plain = Responder().answer(syn, salt: salt)
        var best: (synAck: HandshakePacket, reading: SynReading)?
        search: for key in keys.candidates(for: syn.ip.source) {
            for number in [slot, slot &- 1, slot &+ 1] {
                let next = Responder(functions: .keyed(key, exchange: number)).answer(syn, salt: salt)
                if let former = best, Self.matches(former.reading) >= Self.matches(next.reading) { continue }
                best = next
                if Self.matches(next.reading) >= 2 { break search }
            }
        }
        if let best, Self.matches(best.reading) >= 2 || Self.matches(plain.reading) < 2 {
            (synAck, reading) = best
            isKeyed = true
        } else {
            (synAck, reading) = plain
            isKeyed = false
        }
    }

    private static func matches(_ reading: SynReading) -> Int { reading.matches.count { $0 } }

    private static func salt(_ syn: HandshakePacket, _ secret: PathKey) -> UInt16 {
        var bytes = syn.ip.source.bytes + syn.ip.destination.bytes
        for word in [UInt32(syn.tcp.sourcePort) << 16 | UInt32(syn.tcp.destinationPort), syn.tcp.sequence] {
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
        }
        return UInt16(truncatingIfNeeded: SipHash.hash(bytes.span, key: secret))
    }
}
