import CL45Core
import Testing

@Suite("How much of a stream to read")
struct StreamReadTests {
    /// Frames of different sizes and tags, so that the least overhead is not that of the frame under way.
    private func makeCodecs() throws -> [Codec] {
        [
            try Codec(.stream(frameBytes: 100, tagBytes: 32, epoch: 1)),
            try Codec(.stream(frameBytes: 700, tagBytes: 16, epoch: 2)),
        ]
    }

    @Test(
        "Reads of the size that is said never yield more than was asked for, and read the stream through",
        arguments: 1...30 as ClosedRange<UInt64>)
    func neverMore(seed: UInt64) throws {
        let codecs = try makeCodecs()
        var generator = SeededGenerator(seed: seed)
        let plain = generator.bytes(5000)
        var sender = Sender()
        while sender.told < plain.count {
            let count = Int.random(in: 1...min(400, plain.count - sender.told), using: &generator)
            let leave = sender.told > 3000 && seed.isMultiple(of: 3)
            let codec = leave ? nil : codecs.randomElement(using: &generator)
            sender.write(plain[sender.told..<(sender.told + count)], codec)
        }
        var receiver = Receiver(codecs)
        receiver.open(sender.wire)
        var at = 0
        while at < sender.wire.count {
            let asked = Int.random(in: 1...900, using: &generator)
            let wireBytes = Int(receiver.wireBytes(for: UInt64(asked)))
            try #require(wireBytes >= asked)
            let count = min(wireBytes, sender.wire.count - at, Int.random(in: 1...1000, using: &generator))
            let before = receiver.plain.count
            #expect(receiver.feed(sender.wire[at..<(at + count)]) == 0)
            #expect(receiver.plain.count - before <= asked)
            at += count
        }
        #expect(receiver.plain == plain)
    }

    @Test("One wire byte more could yield one plain byte too many, from every place in a frame and in its tags")
    func theMost() throws {
        // The stream that spends the fewest bytes on tags: a frame with the shortest tag, and then it leaves.
        let codecs = try makeCodecs()
        let codec = codecs[1]
        var sender = Sender()
        sender.write([UInt8](repeating: 1, count: codec.frameBytes)[...], codec)
        let leaveAt = sender.wire.count
        sender.write([UInt8](repeating: 2, count: 1000)[...], nil)
        var receiver = Receiver(codecs)
        receiver.open(sender.wire)
        for at in 0..<(leaveAt + codec.tagBytes) {
            for asked in [0, 1, 50, 99, 100, 101, 699, 700, 701, 900] {
                let wireBytes = Int(receiver.wireBytes(for: UInt64(asked)))
                var exact = receiver
                #expect(exact.feed(sender.wire[at..<(at + wireBytes)]) == 0)
                #expect(exact.plain.count - receiver.plain.count <= asked, "at \(at), asked \(asked)")
                // Until its identification is there, the first tag may be a leave tag or another codec's: less is read.
                if at < 4 { continue }
                #expect(exact.feed(sender.wire[(at + wireBytes)..<(at + wireBytes + 1)]) == 0)
                #expect(exact.plain.count - receiver.plain.count == asked + 1, "at \(at), asked \(asked)")
            }
            #expect(receiver.feed(sender.wire[at..<(at + 1)]) == 0)
        }
    }

    @Test("Outside of frames as many as were asked for; the largest number does not overflow")
    func outsideFrames() throws {
        var receiver = Receiver(try makeCodecs())
        for mode in [L45_UNDECIDED, L45_PLAIN, L45_BROKEN] {
            receiver.mode = mode
            #expect(receiver.wireBytes(for: 77) == 77)
        }
        receiver.mode = L45_FRAMED
        #expect(receiver.wireBytes(for: 77) == 77 + 16)
        #expect(receiver.wireBytes(for: .max) == .max)
        var none = Receiver([])
        none.mode = L45_FRAMED
        #expect(none.wireBytes(for: 77) == 77)
    }

    @Test("What is expected: as much of the tag as the shortest codec needs, then the rest, then the frame")
    func expectation() throws {
        let codecs = try makeCodecs()
        var sender = Sender()
        sender.write([UInt8](repeating: 1, count: 100)[...], codecs[0])
        var receiver = Receiver(codecs)
        #expect(receiver.expect().is_tag == 0 && receiver.expect().bytes == .max)
        receiver.open(sender.wire)
        var seen: [[UInt32]] = []
        var at = 0
        while at < sender.wire.count {
            let expect = receiver.expect()
            seen.append([UInt32(expect.is_tag), expect.bytes])
            let end = at + Int(expect.bytes)
            #expect(receiver.feed(sender.wire[at..<end]) == 0)
            at = end
        }
        #expect(seen == [[1, 16], [1, 16], [0, 100]])
        var none = Receiver([])
        none.mode = L45_FRAMED
        #expect(none.expect().is_tag == 1 && none.expect().bytes == 1)
    }
}
