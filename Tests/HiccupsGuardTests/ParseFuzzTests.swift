import HiccupsGuard
import L45Model
import Testing

@Suite("Hostile bytes")
struct ParseFuzzTests {
    /// Mutated packets; what is taken must survive being written, read, checked, answered and read again.
    @Test("Whatever bytes arrive, they are refused or understood", arguments: [UInt64](1...8))
    func mutated(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let sources = [
            try Samples.syn().wireBytes(), try Samples.syn6().wireBytes(),
            try Samples.syn(options: Samples.sparseOptions).wireBytes(),
        ]
        var taken = 0
        var refused = 0
        for _ in 0..<5_000 {
            guard var bytes = sources.randomElement(using: &random) else { continue }
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                guard !bytes.isEmpty else { break }
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<6, using: &random) {
                case 0: bytes[at] = .random(in: .min ... .max, using: &random)
                case 1: bytes[at] ^= 1 << UInt8.random(in: 0...7, using: &random)
                case 2: bytes.removeLast(bytes.count - at)
                case 3: bytes.append(contentsOf: (0..<at).map { UInt8(truncatingIfNeeded: $0) })
                case 4: bytes.insert([0, 1, 2, 255].randomElement(using: &random) ?? 0, at: at)
                default: bytes[at] = [0, 1, 2, 0x0f, 0xf0, 255].randomElement(using: &random) ?? 0
                }
            }
            do throws(PacketError) {
                let packet = try HandshakePacket(parsing: bytes, checksums: .ignored)
                taken += 1
                let again = try HandshakePacket(parsing: packet.wireBytes())
                guard again == packet else {
                    Issue.record("\(bytes) changed when written and read again")
                    return
                }
                _ = packet.tcp.options.options
                let answer = Responder().answer(packet, salt: 7)
                _ = answer.synAck.readSYNACK(answering: packet.carriers, by: .plain)
                _ = HeaderComparison(sent: packet, received: answer.synAck)
            } catch {
                refused += 1
                if error.description.isEmpty { Issue.record("a refusal without words") }
            }
        }
        #expect(taken > 500)
        #expect(refused > 500)
    }

    @Test("Random bytes of every short length are refused or understood")
    func random() {
        var random = SeededRandom(seed: 3)
        for count in 0..<200 {
            for _ in 0..<20 {
                var bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
                if count > 0 { bytes[0] = [0x45, 0x4f, 0x60, 0x46].randomElement(using: &random) ?? 0 }
                if count > 9 { bytes[9] = 6 }
                if count > 6 { bytes[6] = bytes[0] == 0x60 ? 6 : 0 }
                let packet = try? HandshakePacket(parsing: bytes, checksums: .ignored)
                if let packet { #expect((try? packet.wireBytes()) != nil) }
            }
        }
    }
}
