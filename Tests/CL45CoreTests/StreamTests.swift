import CL45Core
import Testing

@Suite("Streams")
struct StreamTests {
    @Test("The wire form is the one that an independent implementation computes")
    func knownAnswer() throws {
        let codec = try Codec(.stream(frameBytes: 16, tagBytes: 16, label: "web", epoch: 7))
        let plain = (0..<40).map { UInt8($0) }
        var sender = Sender()
        sender.write(plain[..<32], codec)
        sender.write(plain[32...], nil)
        let expected: [[UInt8]] = [
            .init(hex: "6e553ea01826cc4ac92a088977656200"), Array(plain[..<16]),
            .init(hex: "6e553ea0c1687e6769cdcb8977656200"), Array(plain[16..<32]),
            .init(hex: "7c63e33ce39f59bb0cad272377656200"), Array(plain[32...]),
        ]
        #expect(sender.wire == Array(expected.joined()))
    }

    @Test("A write that stops at any byte, inside tags too, goes on where it stopped")
    func partialAcceptance() throws {
        let old = try Codec(.stream(frameBytes: 16, tagBytes: 13, label: "", epoch: 1))
        let new = try Codec(.stream(frameBytes: 24, tagBytes: 20, epoch: 2))
        var generator = SeededGenerator(seed: 1)
        let plain = generator.bytes(100)
        var whole = Sender()
        whole.write(plain[...], old)
        for accepted in 0...whole.wire.count {
            for next in [old, new, nil] {
                var sender = Sender()
                let told = sender.write(plain[...], old, accepted: { _ in accepted })
                #expect(sender.wire.count == accepted)
                sender.write(plain[told...], next)
                #expect(sender.told == plain.count)
                var receiver = Receiver([new, old])
                receiver.open(sender.wire)
                #expect(receiver.feed(sender.wire) == 0)
                #expect(receiver.plain == plain, "stopped at \(accepted)")
            }
        }
    }

    @Test("Replaying in pieces leads to the very same state as in one go")
    func replayIsExact() throws {
        let codec = try Codec(.stream(frameBytes: 50, tagBytes: 32))
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<300 {
            let plainBytes = UInt64.random(in: 1...400, using: &generator)
            let wireBytes = UInt64.random(in: 0...700, using: &generator)
            var once = l45_stream_tx()
            let told = l45_stream_tx_accept(&once, codec.pointer, plainBytes, wireBytes)
            var pieces = l45_stream_tx()
            var toldInPieces: UInt64 = 0
            var left = wireBytes
            while left > 0, toldInPieces < plainBytes {
                let piece = UInt64.random(in: 1...left, using: &generator)
                toldInPieces += l45_stream_tx_accept(&pieces, codec.pointer, plainBytes - toldInPieces, piece)
                left -= piece
            }
            #expect(told == toldInPieces)
            #expect(once.image == pieces.image)
        }
    }

    @Test("Nothing accepted leaves a new stream undecided; no codec at the first byte makes it plain for good")
    func decision() throws {
        let codec = try Codec(.stream())
        var sender = Sender()
        #expect(sender.write([1, 2, 3], codec, accepted: { _ in 0 }) == 0)
        #expect(sender.state.image == l45_stream_tx().image)
        sender.write([1, 2, 3], nil)
        sender.write([4, 5, 6], codec)
        #expect(sender.wire == [1, 2, 3, 4, 5, 6])
    }

    @Test("A tag half sent is finished as it was begun, whatever is spoken by then")
    func pinnedTag() throws {
        let old = try Codec(.stream(frameBytes: 16, tagBytes: 32, epoch: 1))
        let new = try Codec(.stream(frameBytes: 100, tagBytes: 12, label: "", epoch: 2))
        let plain = [UInt8](repeating: 9, count: 60)
        var whole = Sender()
        whole.write(plain[..<16], old)
        for next in [new, nil] {
            var sender = Sender()
            #expect(sender.write(plain[...], old, accepted: { _ in 7 }) == 0)
            sender.write(plain[...], next)
            #expect(sender.wire.prefix(48) == whole.wire[...])
            #expect(sender.wire.count == 60 + 32 + (next == nil ? 32 : 12))
        }
    }

    @Test("A leave tag half sent is finished too, though the sender speaks a dialect again: it is plain for good")
    func pinnedLeave() throws {
        let codec = try Codec(.stream(frameBytes: 16, tagBytes: 32))
        let plain = [UInt8](repeating: 9, count: 60)
        var sender = Sender()
        sender.write(plain[..<16], codec)
        #expect(sender.write(plain[16...], nil, accepted: { _ in 31 }) == 0)
        sender.write(plain[16...], codec)
        #expect(sender.wire.count == 60 + 2 * 32)
        var receiver = Receiver([codec])
        receiver.open(sender.wire)
        #expect(receiver.feed(sender.wire) == 0)
        #expect(receiver.plain == plain)
        #expect(receiver.mode == L45_PLAIN)
    }

    @Test("A tag is never laid without a plain byte behind it")
    func lazyTags() throws {
        let codec = try Codec(.stream(frameBytes: 16, tagBytes: 32))
        var sender = Sender()
        sender.write([UInt8](repeating: 1, count: 16)[...], codec)
        #expect(sender.wire.count == 48)
        sender.write([], codec)
        #expect(sender.wire.count == 48)
        sender.write([1], codec)
        #expect(sender.wire.count == 48 + 33)
    }

    @Test("The copying form writes the same wire, whatever room it is given", arguments: [1, 2, 11, 12, 13, 64, 1000])
    func copyingForm(capacity: Int) throws {
        let old = try Codec(.stream(frameBytes: 33, tagBytes: 12, label: "", epoch: 1))
        let new = try Codec(.stream(frameBytes: 70, tagBytes: 40, epoch: 2))
        let spoken = [old, new, nil]
        var generator = SeededGenerator(seed: 3)
        let plain = generator.bytes(1500)
        var copying = Sender()
        while copying.told < plain.count {
            // A codec for each 500 bytes and no write across, so that both senders change at the same byte.
            let part = copying.told / 500
            copying.copy(plain[copying.told..<(part * 500 + 500)], spoken[part], capacity: capacity)
        }
        var writing = Sender()
        for part in 0..<3 { writing.write(plain[(part * 500)..<(part * 500 + 500)], spoken[part]) }
        #expect(copying.wire == writing.wire)
    }

    @Test(
        "Writes and reads of every size, the dialect changing at boundaries of chance: byte for byte",
        arguments: 1...40 as ClosedRange<UInt64>)
    func chopping(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let codecs = [
            try Codec(.stream(frameBytes: 16, tagBytes: 12, label: "", epoch: 1)),
            try Codec(.stream(frameBytes: 100, tagBytes: 32, epoch: 2)),
            try Codec(.stream(frameBytes: 61, tagBytes: 64, label: "a label of some length", epoch: 3)),
            try Codec(.stream(frameBytes: 1000, tagBytes: 32, epoch: 4)),
        ]
        let plain = generator.bytes(6000)
        let leaves = seed.isMultiple(of: 2)
        let sender = send(plain, codecs, leaveAt: leaves ? 3000 : .max, &generator)
        var feeding = Receiver(codecs)
        #expect(feeding.open(sender.wire) == L45_OPENING_FRAMED)
        var scattering = feeding
        var at = 0
        while at < sender.wire.count {
            let count = min(Int.random(in: 1...150, using: &generator), sender.wire.count - at)
            let read = sender.wire[at..<(at + count)]
            #expect(feeding.feed(read) == 0)
            #expect(scattering.scatter(read) == 0)
            #expect(feeding.plain.count == scattering.plain.count)
            at += count
        }
        #expect(feeding.plain == plain)
        #expect(scattering.plain == plain)
        #expect(feeding.state.plain_offset == UInt64(plain.count))
        #expect((feeding.mode == L45_PLAIN) == leaves)
    }

    /// Sends `plain` by writes of chance, each accepted in part, the codec changing by chance; from `leaveAt` on: none.
    private func send(
        _ plain: [UInt8], _ codecs: [Codec], leaveAt: Int, _ generator: inout SeededGenerator
    ) -> Sender {
        var sender = Sender()
        var codec: Codec? = codecs.randomElement(using: &generator)
        while sender.told < plain.count {
            let count = Int.random(in: 1...min(200, plain.count - sender.told), using: &generator)
            let part = plain[sender.told..<(sender.told + count)]
            if Bool.random(using: &generator) {
                let share = Double.random(in: 0...1, using: &generator)
                sender.write(part, codec, accepted: { Int(Double($0) * share + 0.5) })
            } else {
                sender.copy(part, codec, capacity: Int.random(in: 1...300, using: &generator))
            }
            if sender.told >= leaveAt {
                codec = nil
            } else if Int.random(in: 0..<4, using: &generator) == 0 {
                codec = codecs.randomElement(using: &generator)
            }
        }
        return sender
    }

    @Test("Each frame is counted to the codec that its tag names")
    func codecOfFrame() throws {
        let codecs = [try Codec(.stream(frameBytes: 16, epoch: 1)), try Codec(.stream(frameBytes: 16, epoch: 2))]
        var sender = Sender()
        var receiver = Receiver(codecs)
        for spoken in [1, 0, 0, 1] {
            let from = sender.wire.count
            sender.write([UInt8](repeating: 0, count: 16)[...], codecs[spoken])
            if from == 0 { receiver.open(sender.wire) }
            #expect(receiver.feed(sender.wire[from...]) == 0)
            #expect(receiver.state.codec == UInt8(spoken))
        }
    }

    @Test("A peek from a copy of the state changes nothing: the read after it decodes the same")
    func peek() throws {
        let codec = try Codec(.stream(frameBytes: 16))
        var sender = Sender()
        sender.write([UInt8](repeating: 7, count: 50)[...], codec)
        var receiver = Receiver([codec])
        receiver.open(sender.wire)
        var copy = receiver
        #expect(copy.feed(sender.wire) == 0)
        #expect(receiver.feed(sender.wire) == 0)
        #expect(copy.plain == receiver.plain)
    }
}
