import CL45Core
import Testing

@Suite("Datagrams that are another on the wire")
struct CodingTests {
    private static func dialect(_ coding: l45_coding, _ place: Place = .front, tagBytes: UInt8 = 12) -> l45_dialect {
        var dialect = l45_dialect.datagram(place, tagBytes: tagBytes, label: "", epoch: 7)
        dialect.coding = UInt8(coding.rawValue)
        return dialect
    }

    private func encode(_ message: [UInt8], _ codec: Codec) -> [UInt8] {
        var wire = [UInt8](repeating: 0, count: message.count + codec.tagBytes + Int(L45_CODING_ADDS_MAX))
        let count = l45_datagram_encode(codec.pointer, L45_REQUEST, message, message.count, &wire, wire.count)
        return count < 0 ? [] : Array(wire.prefix(count))
    }

    private func decode(_ wire: [UInt8], _ codec: Codec) -> [UInt8]? {
        var message = wire + [UInt8](repeating: 0xee, count: Int(L45_CODING_SAVES_MAX))
        let count = l45_datagram_decode(codec.pointer, L45_REQUEST, &message, wire.count)
        if count < 0 { #expect(message.prefix(wire.count).elementsEqual(wire), "a refusal changes nothing") }
        return count < 0 ? nil : Array(message.prefix(count))
    }

    /// As dig asks: recursion desired, an OPT record with a cookie.
    private static func query(
        _ name: [UInt8], type: [UInt8] = [0, 1], flags: [UInt8] = [1, 0x20], size: [UInt8] = [4, 0xd0]
    ) -> [UInt8] {
        [0xab, 0xcd] + flags + [0, 1, 0, 0, 0, 0, 0, 1] + name + type + [0, 1]
            + [0, 0, 41] + size + [0, 0, 0, 0, 0, 12, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]
    }
    private static let name: [UInt8] = [2] + Array("q1".utf8) + [3] + Array("l45".utf8) + [4] + Array("test".utf8) + [0]

    @Test("A masked message is what an independent implementation computes (hashlib's BLAKE2s, OpenSSL's ChaCha20)")
    func knownAnswer() throws {
        let codec = try Codec(Self.dialect(L45_MASKED))
        #expect(
            encode(Array("hello, layer 4.5".utf8), codec)
                == [UInt8](hex: "b5bd6765dc726bf1d78f0a0ed37c020f81e44df6696d0a58d3b8f4d5"))
    }

    @Test(
        "Decoding undoes encoding at every length, wherever the tag stands", arguments: Place.allCases,
        [1, 2] as [UInt32])
    func bijection(place: Place, coding: UInt32) throws {
        let codec = try Codec(Self.dialect(l45_coding(coding), place))
        var generator = SeededGenerator(seed: UInt64(coding))
        let source = generator.bytes(2000)
        for count in 0...2000 {
            let message = Array(source.prefix(count))
            guard decode(encode(message, codec), codec) == message else {
                Issue.record("\(count) bytes do not come back")
                return
            }
        }
    }

    @Test("A query of dig is its id and its name on the wire, 12 bytes shorter with its tag")
    func short() throws {
        let codec = try Codec(Self.dialect(L45_SHORT_DNS))
        let query = Self.query(Self.name)
        let wire = encode(query, codec)
        #expect(wire.count == query.count - 12)
        #expect(wire.dropFirst(13).starts(with: [0xab, 0xcd] + Self.name))
        #expect(decode(wire, codec) == query)
    }

    @Test("Each kind of query comes back, and what is none goes as it is, one byte longer")
    func kinds() throws {
        let codec = try Codec(Self.dialect(L45_SHORT_DNS, .end))
        let short = [
            Self.query(Self.name, type: [0, 28]), Self.query(Self.name, type: [0, 15]),
            Self.query(Self.name, flags: [1, 0]), Self.query(Self.name, flags: [0, 0]),
            Self.query(Self.name, size: [16, 0]), Self.query(Self.name, size: [2, 0]), Self.query([0], type: [0, 2]),
            Array(Self.query(Self.name)[..<(12 + Self.name.count + 4)]).enumerated().map { $0 == 11 ? 0 : $1 },
        ]
        for (at, query) in short.enumerated() {
            let wire = encode(query, codec)
            #expect(wire.count < query.count + codec.tagBytes, "case \(at)")
            #expect(decode(wire, codec) == query, "case \(at)")
        }
        var edns = Self.query(Self.name)
        edns[12 + Self.name.count + 4 + 5] = 1
        let other: [[UInt8]] = [
            [], [0], Self.query(Self.name, flags: [0x81, 0x80]), Self.query(Self.name) + [0], edns,
            Self.query([0xc0, 12]), Self.query(Array(Self.name.dropLast())), Array(Self.query(Self.name).dropLast()),
            [UInt8](repeating: 0x80, count: 600),
        ]
        for (at, message) in other.enumerated() {
            let wire = encode(message, codec)
            #expect(wire.count == message.count + codec.tagBytes + 1, "case \(at)")
            #expect(decode(wire, codec) == message, "case \(at)")
        }
    }

    @Test(
        "One flipped bit anywhere in what the authenticator covers is refused", arguments: [L45_MASKED, L45_SHORT_DNS])
    func bitFlips(coding: l45_coding) throws {
        let codec = try Codec(Self.dialect(coding))
        let query = Array(Self.query(Self.name).prefix(coding == L45_MASKED ? 48 : 100))
        let wire = encode(query, codec)
        // Of a query that was made short, the cover ends within the last option.
        let covered = coding == L45_MASKED ? wire.count : wire.count - max(0, query.count - Int(L45_COVER_BYTES))
        for bit in 0..<(covered * 8) {
            var flipped = wire
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            if decode(flipped, codec) != nil { Issue.record("bit \(bit) of byte \(bit / 8)") }
        }
    }

    @Test("One message has one form: a short one that goes as it is was made by nobody who speaks the dialect")
    func canonical() throws {
        let codec = try Codec(Self.dialect(L45_SHORT_DNS))
        let query = Self.query(Self.name)
        let wire = encode(query, codec)
        #expect(decode(Array(wire.prefix(12)) + [0] + query, codec) == nil)
    }

    @Test("No room is said, to the byte")
    func room() throws {
        var out = [UInt8](repeating: 0, count: 200)
        let message = [UInt8](repeating: 1, count: 100)
        for (coding, needed) in [(L45_MASKED, 112), (L45_SHORT_DNS, 113)] {
            let codec = try Codec(Self.dialect(coding))
            #expect(l45_datagram_encode(codec.pointer, L45_REQUEST, message, 100, &out, needed - 1) == -Int(EMSGSIZE))
            #expect(l45_datagram_encode(codec.pointer, L45_REQUEST, message, 100, &out, needed) == needed)
        }
    }
}
