import L45Model
import NIOCore
import Testing

@testable import ControlChannel

@Suite("Frames and messages under mutation")
struct FrameFuzzTests {
    /// Here, to be quick; scripts/fuzz-swift runs libFuzzer over the same.
    static let executions = 50_000

    @Test("No mutation of valid frames brings the decoder down, or past its bounds")
    func mutations() throws {
        var random = Seeded(0x4c34_35)
        var corpus: [[UInt8]] = []
        for _ in 0..<8 {
            for message in Sample.agentMessages(&random) { corpus.append(bytes(try EncodedFrame(message))) }
            for message in Sample.orchestratorMessages(&random) { corpus.append(bytes(try EncodedFrame(message))) }
        }
        var taken = 0
        var refused = 0
        for _ in 0..<Self.executions {
            let input = FrameMutation.mutate(corpus[Int.random(in: 0..<corpus.count, using: &random)], &random)
            let outcome = FrameProbe.run(input)
            taken += outcome.taken
            refused += outcome.refused
        }
        // A mutator that only makes garbage, or none, would test nothing.
        #expect(taken > Self.executions / 20, "only \(taken) inputs were taken")
        #expect(refused > Self.executions / 20, "only \(refused) inputs were refused")
    }

    private func bytes(_ frame: EncodedFrame) -> [UInt8] { Array(frame.bytes.readableBytesView) }
}

enum FrameMutation {
    static func mutate(_ input: [UInt8], _ random: inout Seeded) -> [UInt8] {
        var bytes = input
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            guard !bytes.isEmpty else { break }
            let at = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0...6, using: &random) {
            case 0: bytes[at] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 1: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes[at] = [0, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0
            case 3: bytes.remove(at: at)
            case 4: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
            case 5: bytes.removeSubrange(at...)
            default: bytes.append(contentsOf: bytes[at...].prefix(64))
            }
        }
        // Mostly give it a length that fits, so that the messages are reached and not only the length.
        if bytes.count >= 4, Int.random(in: 0...3, using: &random) > 0 {
            withUnsafeBytes(of: UInt32(bytes.count - 4).bigEndian) { bytes.replaceSubrange(0..<4, with: $0) }
        }
        return bytes
    }
}
