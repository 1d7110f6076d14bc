import HiccupsGuard
import L45Model
import Testing

@Suite("False accepts happen as often as the arithmetic says")
struct FalseAcceptTests {
    /// Five standard deviations, and one for small numbers.
    private func isNear(_ found: Int, _ expected: Double) -> Bool {
        abs(Double(found) - expected) <= 5 * expected.squareRoot() + 1
    }

    @Test("A single fragment of a changed header matches once in 4096, in each carrier, and pairs are independent")
    func fragments() throws {
        var random = SeededRandom(seed: 11)
        var single = PerCarrier(all: 0)
        var pairs = 0
        let rounds = 200_000
        var syn = try Samples.syn()
        for _ in 0..<rounds {
            syn.tcp.sourcePort = .random(in: .min ... .max, using: &random)
            syn.sealSYN(PerCarrier(all: .nat), salt: 0, by: .plain)
            var changed = syn
            changed.tcp.sourcePort ^= .random(in: 1 ... .max, using: &random)
            changed.tcp.destinationPort = .random(in: .min ... .max, using: &random)
            let reading = changed.readSYN(by: .plain)
            for carrier in Carrier.allCases where reading.matches[carrier] { single[carrier] += 1 }
            if reading.verdict != .changedOrIncapable { pairs += 1 }
        }
        for carrier in Carrier.allCases {
            #expect(isNear(single[carrier], Double(rounds) / 4096), "\(carrier): \(single)")
        }
        #expect(pairs <= 2, "3 in 2^24 of 200,000 is 0.04")
    }

    /// A type's nibble must agree as well: of 2^28 random SYNs six are taken, half of them as mixed ones. Single
    /// matches, in either form, carry the test.
    @Test("A stranger's SYN is taken for one of ours less than once in a million")
    func strangers() throws {
        var random = SeededRandom(seed: 12)
        var singles = 0
        var taken = 0
        let rounds = 100_000
        var syn = try Samples.syn(options: [.maximumSegmentSize(1460)])
        for _ in 0..<rounds {
            syn.tcp.sequence = .random(in: .min ... .max, using: &random)
            syn.ip.identification = .random(in: .min ... .max, using: &random)
            syn.tcp.window = .random(in: .min ... .max, using: &random)
            let reading = syn.readSYN(by: .plain)
            singles += reading.matches.count { $0 }
            if reading.verdict != .changedOrIncapable { taken += 1 }
        }
        #expect(isNear(singles, 6 * Double(rounds) / 4096), "\(singles)")
        #expect(taken == 0)
    }

    @Test("A stranger's SYN-ACK is no proof, though one in eight has status bits that say pass")
    func strangersAnswer() throws {
        var random = SeededRandom(seed: 13)
        var sent = try Samples.syn()
        sent.sealSYN(PerCarrier(all: .noNAT), salt: 5, by: .plain)
        var answer = Responder().answer(sent, salt: 6).synAck
        var byStatusAlone = 0
        let rounds = 40_000
        for _ in 0..<rounds {
            answer.tcp.sequence = .random(in: .min ... .max, using: &random)
            answer.ip.identification = .random(in: .min ... .max, using: &random)
            answer.tcp.window = .random(in: .min ... .max, using: &random)
            let nibbles = answer.carriers.map { $0 >> 12 & 7 }
            if nibbles.count({ [3, 5, 6, 7].contains($0) }) >= 2 { byStatusAlone += 1 }
            let reading = answer.readSYNACK(answering: sent.carriers, by: .plain)
            #expect(reading.evidence < 2)
            #expect(reading.forwardIntact(capable: false) == nil)
        }
        #expect(byStatusAlone > rounds / 10, "table 5.2 alone would have fired \(byStatusAlone) times")
    }
}
