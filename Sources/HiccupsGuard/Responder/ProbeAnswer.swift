/// What a responder says to a SYN: a pure function of the SYN, the keys, the time slot and a secret of this run.
///
/// Nothing is kept of a SYN, as with SYN cookies: the salt follows from the SYN and the secret, so that a retransmitted SYN gets
/// the same answer, and a flood costs no memory. Data in a SYN (TCP Fast Open) is not acknowledged, which sends the opener
/// back to the plain handshake.
package struct ProbeAnswer: Sendable {
    package let synAck: HandshakePacket
    package let reading: SynReading
    /// The key of the ring that was used; nil: the public functions, where a middlebox that knows them can lie.
    package let key: PathKey?
    package var isKeyed: Bool { key != nil }

    /// - Parameter slot: the exchange number; its neighbours are tried too.
    package init(to syn: HandshakePacket, keys: PathKeyring, slot: UInt64, secret: PathKey) {
        let salt = Self.salt(syn, secret)
        let plain = Responder().answer(syn, salt: salt)
        var best: (synAck: HandshakePacket, reading: SynReading, key: PathKey)?
        // Where nothing is found right, as in a SYN that was changed, the first key is answered by: it was right before.
        search: for (place, key) in keys.candidates(from: syn.ip.source, to: syn.ip.destination).enumerated() {
            for number in [slot, slot &- 1, slot &+ 1] {
                let next = Responder(functions: .keyed(key, exchange: number)).answer(syn, salt: salt)
                let found = Self.matches(next.reading)
                // One match under another key is chance.
                if let former = best, Self.matches(former.reading) >= found || (place > 0 && found < 2) { continue }
                best = (next.synAck, next.reading, key)
                if found >= 2 { break search }
            }
        }
        if let best, Self.matches(best.reading) >= 2 || Self.matches(plain.reading) < 2 {
            (synAck, reading, key) = best
        } else {
            (synAck, reading) = plain
            key = nil
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
