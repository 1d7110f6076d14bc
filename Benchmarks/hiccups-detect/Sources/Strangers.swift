import HiccupsGuard
import L45Model

/// Random carriers under one header: how often the rule takes them for integrity. The header's fragments are read off
/// sealed packets, so that
/// a thousand million tries take seconds.
struct Strangers {
    /// Two carriers name one type (1 in 16) and both fragments match (1 in 2^24), in three ways. A SYN may also be
    /// marked as one of mixed
    /// types, which is as likely by chance, unless all three carriers name the same (1 in 16 of these).
    static let plainRate = 3.0 / Double(1 << 28)
    static let markedRate = plainRate * 15 / 16

    private let header: HandshakePacket
    private let sealed: [PerCarrier<UInt16>]
    private let marked: [PerCarrier<UInt16>]

    init(header: HandshakePacket) {
        self.header = header
        func seal(_ coverage: PerCarrier<Coverage>) -> PerCarrier<UInt16> {
            var packet = header
            packet.sealSYN(coverage, salt: 0, by: .plain)
            return packet.carriers
        }
        sealed = Coverage.allCases.map { seal(PerCarrier(all: $0)) }
        marked = Coverage.allCases.map { type in
            let other: Coverage = type == .null ? .safe : .null
            return PerCarrier(
                seal(PerCarrier(type, other, other)).isn, seal(PerCarrier(other, type, other)).ipid,
                seal(PerCarrier(other, other, type)).window)
        }
    }

    /// Carriers that two fragments speak for, as a SYN of one type or as a marked one, and how many of both `readSYN`
    /// takes.
    struct Taken {
        var plain = 0
        var marked = 0
        var confirmed = 0
    }

    func taken(_ tries: Int, seed: UInt64) -> Taken {
        var random = SeededRandom(seed: seed)
        var taken = Taken()
        for _ in 0..<tries {
            let word = random.next()
            let isn = UInt16(truncatingIfNeeded: word)
            let ipid = UInt16(truncatingIfNeeded: word >> 16)
            let window = UInt16(truncatingIfNeeded: word >> 32)
            // Two must name the same type; most do not.
            guard isn >> 12 == ipid >> 12 || isn >> 12 == window >> 12 || ipid >> 12 == window >> 12 else { continue }
            let isUniform = isn >> 12 == ipid >> 12 && isn >> 12 == window >> 12
            let isPlain = Self.hasPair(sealed, isn, ipid, window)
            let isMarked = !isPlain && !isUniform && Self.hasPair(marked, isn, ipid, window)
            guard isPlain || isMarked else { continue }
            if isPlain { taken.plain += 1 } else { taken.marked += 1 }
            var packet = header
            packet.setCarriers(PerCarrier(isn, ipid, window), salt: 0)
            if packet.readSYN(by: .plain).verdict != .changedOrIncapable { taken.confirmed += 1 }
        }
        return taken
    }

    private static func hasPair(_ sealed: [PerCarrier<UInt16>], _ isn: UInt16, _ ipid: UInt16, _ window: UInt16) -> Bool
    {
        let a = sealed[Int(isn >> 12)].isn == isn
        let b = sealed[Int(ipid >> 12)].ipid == ipid
        let c = sealed[Int(window >> 12)].window == window
        return a && b && isn >> 12 == ipid >> 12 || a && c && isn >> 12 == window >> 12
            || b && c && ipid >> 12 == window >> 12
    }
}
