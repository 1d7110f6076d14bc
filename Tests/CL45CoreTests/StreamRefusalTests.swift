import CL45Core
import Testing

@Suite("Streams that are not ours, or broken")
struct StreamRefusalTests {
    @Test("One flipped bit in any tag breaks the stream there: what came before is delivered, nothing after")
    func bitFlips() throws {
        let codec = try Codec(.stream(frameBytes: 20, tagBytes: 16, label: "web"))
        var generator = SeededGenerator(seed: 1)
        let plain = generator.bytes(50)
        var sender = Sender()
        sender.write(plain[..<40], codec)
        sender.write(plain[40...], nil)
        for frame in 0..<3 {
            for bit in 0..<(16 * 8) {
                var wire = sender.wire
                wire[frame * 36 + bit / 8] ^= 1 << UInt8(bit % 8)
                var feeding = Receiver([codec])
                feeding.mode = L45_FRAMED
                var scattering = feeding
                #expect(feeding.feed(wire) == -EBADMSG)
                #expect(scattering.scatter(wire) == -EBADMSG)
                #expect(feeding.plain == Array(plain.prefix(frame * 20)))
                #expect(scattering.plain == feeding.plain)
                #expect(feeding.mode == L45_BROKEN)
            }
        }
    }

    @Test("A broken stream stays broken: a good tag after it is not taken")
    func brokenForGood() throws {
        let codec = try Codec(.stream(frameBytes: 20))
        var sender = Sender()
        sender.write([UInt8](repeating: 1, count: 20)[...], codec)
        var receiver = Receiver([codec])
        receiver.mode = L45_FRAMED
        #expect(receiver.feed([UInt8](repeating: 0, count: 32)) == -EBADMSG)
        #expect(receiver.feed(sender.wire) == -EBADMSG)
        #expect(receiver.plain.isEmpty)
    }

    @Test("A frame cut out, doubled or moved is refused: its tag is for another offset")
    func reordering() throws {
        let codec = try Codec(.stream(frameBytes: 20, tagBytes: 16))
        var generator = SeededGenerator(seed: 2)
        var sender = Sender()
        sender.write(generator.bytes(60)[...], codec)
        let frames = (0..<3).map { Array(sender.wire[($0 * 36)..<($0 * 36 + 36)]) }
        for order in [[1], [0, 2], [0, 0], [0, 2, 1], [2, 1, 0]] {
            var receiver = Receiver([codec])
            receiver.mode = L45_FRAMED
            #expect(receiver.feed(order.flatMap { frames[$0] }) == -EBADMSG, "\(order)")
        }
    }

    @Test("A request's stream sent back is no response, another epoch's is not ours: taken for plain at the opening")
    func othersAreNotOurs() throws {
        let codec = try Codec(.stream())
        var sender = Sender(L45_REQUEST)
        sender.write([UInt8](repeating: 1, count: 10)[...], codec)
        for receiver in [
            Receiver([codec], L45_RESPONSE), Receiver([try Codec(.stream(epoch: 2))]),
            Receiver([try Codec(.datagram())]), Receiver([]),
        ] {
            var fresh = receiver
            #expect(fresh.open(sender.wire) == L45_OPENING_PLAIN)
            var forced = receiver
            forced.mode = L45_FRAMED
            #expect(forced.feed(sender.wire) == -EBADMSG)
        }
    }

    @Test("The opening: more until the fourth byte, framed from there, plain at the first byte that is of no tag")
    func opening() throws {
        let codec = try Codec(.stream())
        let other = try Codec(.stream(epoch: 9))
        var sender = Sender()
        sender.write([1, 2, 3], codec)
        for count in 0...sender.wire.count {
            var receiver = Receiver([other, codec])
            #expect(receiver.open(sender.wire.prefix(count)) == (count < 4 ? L45_OPENING_MORE : L45_OPENING_FRAMED))
            guard count > 0, count <= 32 else { continue }
            // A wrong byte is seen at once in the identification, and in the authenticator once all of it is there.
            var wrong = Array(sender.wire.prefix(count))
            wrong[count - 1] ^= 0x10
            var misled = Receiver([codec])
            let expected = (5...11).contains(count) ? L45_OPENING_FRAMED : L45_OPENING_PLAIN
            #expect(misled.open(wrong) == expected, "\(count) bytes")
        }
        var plain = Receiver([codec])
        #expect(plain.open(Array("GET / HTTP/1.1\r\n".utf8)) == L45_OPENING_PLAIN)
    }

    @Test("No stream opens by leaving")
    func leaveAtOpening() throws {
        let codec = try Codec(.stream(frameBytes: 20))
        // The leave tag of offset 0: a true one, at the one place where none can be.
        var sender = Sender()
        sender.write([UInt8](repeating: 1, count: 20)[...], codec)
        sender.state.plain_offset = 0
        sender.wire = []
        sender.write([1], nil)
        var receiver = Receiver([codec])
        #expect(receiver.open(sender.wire) == L45_OPENING_PLAIN)
    }

    @Test(
        "Two codecs with one identification: both are tried, the authenticator tells",
        arguments: [12, 20, 32] as [UInt8])
    func collision(tagBytes: UInt8) throws {
        let old = try Codec(.stream(frameBytes: 30, tagBytes: 20, label: "", epoch: 1))
        let new = try Codec(.stream(frameBytes: 50, tagBytes: tagBytes, label: "", epoch: 2))
        let twin = try Codec(new, identifiedAs: old)
        var generator = SeededGenerator(seed: 3)
        let plain = generator.bytes(400)
        var sender = Sender()
        sender.write(plain[..<90], old)
        sender.write(plain[90..<190], twin)
        sender.write(plain[190..<250], old)
        sender.write(plain[250...], nil)
        for codecs in [[old, twin], [twin, old]] {
            var whole = Receiver(codecs)
            #expect(whole.open(sender.wire) == L45_OPENING_FRAMED)
            var bytewise = whole
            #expect(whole.feed(sender.wire) == 0)
            for byte in sender.wire { #expect(bytewise.feed([byte]) == 0) }
            #expect(whole.plain == plain)
            #expect(bytewise.plain == plain)
        }
    }

    @Test("A tag that breaks off at the end of a stream has cost nothing: all that the sender was told is there")
    func brokenOffTag() throws {
        let codec = try Codec(.stream(frameBytes: 16, tagBytes: 32))
        let plain = [UInt8](repeating: 5, count: 40)
        var sender = Sender()
        sender.write(plain[..<16], codec)
        #expect(sender.write(plain[16...], codec, accepted: { _ in 31 }) == 0)
        var receiver = Receiver([codec])
        receiver.open(sender.wire)
        #expect(receiver.feed(sender.wire) == 0)
        #expect(receiver.plain.count == sender.told)
        #expect(receiver.state.tag_done == 31)
    }
}
