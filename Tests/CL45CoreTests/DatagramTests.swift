import CL45Core
import Testing

@Suite("Datagrams")
struct DatagramTests {
    @Test("The wire form is the one that an independent implementation computes (hashlib's BLAKE2s and a SipHash)")
    func knownAnswer() throws {
        let codec = try Codec(.datagram(.end, tagBytes: 20, label: "dns", epoch: 7))
        let message = Array("hello, layer 4.5".utf8)
        #expect(encode(message, codec) == message + [UInt8](hex: "b5bd6765dc726bf1d78f0a0e646e730000000000"))
        let long = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
        let response = [UInt8](hex: "fc45c5ee9cc4e5c305c86263646e730000000000")
        #expect(encode(long, codec, L45_RESPONSE) == long + response)
    }

    @Test(
        "Decoding undoes encoding at every length from 0 to 3000 bytes", arguments: Place.allCases,
        [12, 33, 64] as [UInt8])
    func bijection(place: Place, tagBytes: UInt8) throws {
        let codec = try Codec(.datagram(place, offset: 700, tagBytes: tagBytes, label: ""))
        var generator = SeededGenerator(seed: UInt64(tagBytes))
        let source = generator.bytes(3000)
        for count in 0...3000 {
            let message = Array(source.prefix(count))
            let direction = count.isMultiple(of: 2) ? L45_REQUEST : L45_RESPONSE
            let wire = encode(message, codec, direction)
            guard wire.count == count + codec.tagBytes,
                l45_datagram_recognise(codec.pointer, direction, wire, wire.count) == 0,
                decode(wire, codec, direction) == .plain(message)
            else {
                Issue.record("\(count) bytes do not come back")
                return
            }
        }
    }

    @Test(
        "The tag stands where the dialect puts it, and at the end of a message that is too short",
        arguments: [
            (Place.front, 100, 0), (.end, 100, 100), (.offset, 100, 12), (.offset, 12, 12), (.offset, 5, 5),
            (.offset, 0, 0),
        ])
    func position(place: Place, plainBytes: Int, position: Int) throws {
        let codec = try Codec(.datagram(place, offset: 12))
        let message = [UInt8](repeating: 0xaa, count: plainBytes)
        var tag = [UInt8](repeating: 0, count: codec.tagBytes)
        l45_datagram_tag(codec.pointer, L45_REQUEST, message, plainBytes, &tag)
        #expect(l45_datagram_position(codec.pointer, plainBytes) == position)
        #expect(encode(message, codec) == message.prefix(position) + tag + message.dropFirst(position))
    }

    @Test("A message for which there is no room is refused, to the byte")
    func room() throws {
        let codec = try Codec(.datagram(tagBytes: 32))
        var out = [UInt8](repeating: 0, count: 132)
        let message = [UInt8](repeating: 1, count: 100)
        #expect(l45_datagram_encode(codec.pointer, L45_REQUEST, message, 100, &out, 131) == -Int(EMSGSIZE))
        #expect(l45_datagram_encode(codec.pointer, L45_REQUEST, message, 100, &out, 132) == 132)
        #expect(l45_datagram_encode(codec.pointer, L45_REQUEST, message, 0, &out, 31) == -Int(EMSGSIZE))
    }

    @Test(
        "One flipped bit in the tag or in the covered bytes is refused, and the message left as it came",
        arguments: Place.allCases)
    func bitFlips(place: Place) throws {
        let codec = try Codec(.datagram(place, offset: 20, tagBytes: 24))
        var generator = SeededGenerator(seed: 5)
        for count in [0, 1, 19, 20, 21, 47, 48] {
            let wire = encode(generator.bytes(count), codec)
            let position = 8 * l45_datagram_position(codec.pointer, count)
            let identification = position..<(position + 32)
            for bit in 0..<(wire.count * 8) {
                var flipped = wire
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                let expected = identification.contains(bit) ? ENOENT : EBADMSG
                if decode(flipped, codec) != .refused(expected) { Issue.record("\(count) bytes, bit \(bit)") }
            }
        }
    }

    @Test("Past the covered bytes a flip passes, as it would without the tag; a changed length never does")
    func coverEnds() throws {
        let codec = try Codec(.datagram(.front))
        var generator = SeededGenerator(seed: 6)
        var message = generator.bytes(200)
        var wire = encode(message, codec)
        wire[32 + 48] ^= 1
        message[48] ^= 1
        #expect(decode(wire, codec) == .plain(message))
        #expect(decode(wire.dropLast(), codec) == .refused(EBADMSG))
        #expect(decode(wire + [0], codec) == .refused(EBADMSG))
    }

    @Test("A request sent back is no response; another epoch, secret or label is not ours", arguments: Place.allCases)
    func othersAreRefused(place: Place) throws {
        let codec = try Codec(.datagram(place))
        let message = Array("a question".utf8)
        let wire = encode(message, codec, L45_REQUEST)
        #expect(decode(wire, codec, L45_RESPONSE) == .refused(ENOENT))
        #expect(decode(wire, try Codec(.datagram(place, epoch: 2))) == .refused(ENOENT))
        #expect(decode(wire, try Codec(.datagram(place, secret: 1))) == .refused(ENOENT))
        #expect(decode(wire, try Codec(.datagram(place, label: "ntp"))) == .refused(EBADMSG))
    }

    @Test("With two editions in force each message is one edition's, even where their identifications collide")
    func editions() throws {
        let old = try Codec(.datagram(epoch: 1))
        let new = try Codec(.datagram(epoch: 2))
        let twin = try Codec(new, identifiedAs: old)
        let message = Array("which".utf8)
        #expect(decode(encode(message, new), old) == .refused(ENOENT))
        #expect(decode(encode(message, new), new) == .plain(message))
        #expect(decode(encode(message, twin), old) == .refused(EBADMSG))
        #expect(decode(encode(message, twin), twin) == .plain(message))
    }

    @Test("Nothing of chance is recognised, nor a message shorter than a tag")
    func chance() throws {
        let codec = try Codec(.datagram(.end))
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...80, using: &generator)
            let result = decode(generator.bytes(count), codec)
            guard result == .refused(ENOENT) else {
                Issue.record("\(count) bytes of chance gave \(result)")
                return
            }
        }
    }

    @Test("Monitor and stream codecs leave datagrams alone")
    func otherKinds() throws {
        for codec in [try Codec(l45_dialect()), try Codec(.stream())] {
            let message = [UInt8](repeating: 3, count: 40)
            #expect(encode(message, codec) == message)
            #expect(decode(message, codec) == .refused(ENOENT))
        }
    }

    private enum Outcome: Equatable {
        case plain([UInt8])
        case refused(Int32)
    }

    private func encode(_ message: [UInt8], _ codec: Codec, _ direction: l45_direction = L45_REQUEST) -> [UInt8] {
        var out = [UInt8](repeating: 0xee, count: message.count + 64)
        let written = l45_datagram_encode(codec.pointer, direction, message, message.count, &out, out.count)
        return Array(out.prefix(max(0, written)))
    }

    private func decode(
        _ wire: some Sequence<UInt8>, _ codec: Codec, _ direction: l45_direction = L45_REQUEST
    ) -> Outcome {
        let before = Array(wire)
        var message = before
        let result = l45_datagram_decode(codec.pointer, direction, &message, message.count)
        guard result < 0 else { return .plain(Array(message.prefix(result))) }
        if message != before { Issue.record("a refused message of \(before.count) bytes was changed") }
        return .refused(Int32(-result))
    }
}
