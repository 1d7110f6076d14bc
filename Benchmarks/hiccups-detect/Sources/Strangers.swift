import HiccupsGuard

/// Random carriers under one header: how often the rule takes them for integrity. The header's fragments are read off sealed packets, so that
/// a thousand million tries take seconds.
struct Strangers {
    /// Two carriers name one type (1 in 16) and both fragments match (1 in 2^24), in three ways; type 0 is tried twice.
    static let rate = 3.0 / Double(1 << 28) * 17 / 16

    private let sealed: [PerCarrier<UInt16>]
    private let marked: PerCarrier<UInt16>

    init(header: HandshakePacket) {
        func seal(_ coverage: PerCarrier<Coverage>) -> PerCarrier<UInt16> {
            var packet = header
            packet.sealSYN(coverage, salt: 0, by: .plain)
            return packet.carriers
        }
        sealed = Coverage.allCases.map { seal(PerCarrier(all: $0)) }
        // HNONAT that asks for an echo: sealed beside an HNAT, in each place.
        marked = PerCarrier(
            seal(PerCarrier(.noNAT, .noNAT, .nat)).isn, seal(PerCarrier(.nat, .noNAT, .noNAT)).ipid,
            seal(PerCarrier(.nat, .noNAT, .noNAT)).window)
    }

    func taken(_ tries: Int, seed: UInt64) -> Int {
        var random = SplitMix64(seed: seed)
        var taken = 0
        for _ in 0..<tries {
            let word = random.next()
            let isn = UInt16(truncatingIfNeeded: word)
            let ipid = UInt16(truncatingIfNeeded: word >> 16)
            let window = UInt16(truncatingIfNeeded: word >> 32)
            // Two must name the same type; most do not.
            guard isn >> 12 == ipid >> 12 || isn >> 12 == window >> 12 || ipid >> 12 == window >> 12 else { continue }
            if isTaken(isn, ipid, window) { taken += 1 }
        }
        return taken
    }

    private func isTaken(_ isn: UInt16, _ ipid: UInt16, _ window: UInt16) -> Bool {
        let a = sealed[Int(isn >> 12)].isn == isn
        let b = sealed[Int(ipid >> 12)].ipid == ipid
        let c = sealed[Int(window >> 12)].window == window
        if a && b && isn >> 12 == ipid >> 12 || a && c && isn >> 12 == window >> 12
            || b && c && ipid >> 12 == window >> 12
        {
            return true
        }
        return (marked.isn == isn ? 1 : 0) + (marked.ipid == ipid ? 1 : 0) + (marked.window == window ? 1 : 0) >= 2
    }
}
