import KernelTap
import L45Model
import Testing

@Suite("Bytes that are no answer")
struct HostileBytesTests {
    private static let answers = [Golden.status, Golden.module, Golden.socketEvent, Golden.event].map {
        $0.flatMap { $0 }
    }

    /// Reads the bytes in every way that an answer is read; only errors may come of it.
    private func readAll(_ bytes: [UInt8]) {
        _ = try? NetlinkMessage.all(in: bytes).map { try NetlinkReply($0, family: 34) }
        for type: UInt16 in [2, 3, 34] {
            for flags: UInt16 in [0, 0x200, 0x300] {
                _ = try? NetlinkReply(
                    NetlinkMessage(type: type, flags: flags, sequence: 1, body: bytes[...]), family: 34)
            }
        }
        guard let attributes = try? Attributes(bytes[...]) else { return }
        _ = try? KernelStatus(attributes)
        _ = try? KernelModule(attributes)
        _ = try? KernelSocket(attributes)
        _ = try? KernelEvent(attributes)
    }

    @Test("An answer cut short at any byte is an error, and never a trap", arguments: answers)
    func truncated(answer: [UInt8]) {
        for count in 1..<answer.count {
            let cut = Array(answer.prefix(count))
            readAll(cut)
            if count < 4 { #expect(throws: NetlinkMalformed.self) { try Attributes(cut[...]) } }
        }
        #expect(throws: Never.self) { try Attributes(answer[...]) }
    }

    @Test("Answers with bytes changed at random are read without a trap: 20,000 of them")
    func mutated() {
        var random = Seeded(state: 0x4c34_3521)
        for round in 0..<20_000 {
            var bytes = Self.answers[round % Self.answers.count]
            for _ in 0..<(1 + Int(random.next() % 6)) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next() >> 8)
            }
            if random.next() % 4 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
            readAll(bytes)
        }
    }

    /// SplitMix64: the same bytes in each run.
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    @Test("Lengths that lie are named with what is there")
    func lies() {
        let short: [UInt8] = [3, 0, 1, 0]
        #expect(throws: NetlinkMalformed.self) { try Attributes(short[...]) }
        let long: [UInt8] = [9, 0, 1, 0, 1, 2, 3, 4]
        let error = #expect(throws: NetlinkMalformed.self) { try Attributes(long[...]) }
        #expect(error?.description == "attribute 1 says it has 9 bytes, 8 are there")
        var message = NetlinkMessage(type: 34, flags: 0, sequence: 1, body: [1, 2, 3, 4][...]).encoded
        message[0] = 21
        let claim = #expect(throws: NetlinkMalformed.self) { try NetlinkMessage.all(in: message) }
        #expect(claim?.description == "a message says it has 21 bytes, 20 are there")
        message[0] = 15
        #expect(throws: NetlinkMalformed.self) { try NetlinkMessage.all(in: message) }
    }
}
