import CL45Core
import Testing

/// The text of RFC 8439 that its examples encrypt.
private let sunscreen = [UInt8](
    ("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
        + "sunscreen would be it.").utf8)

@Suite("ChaCha20-Poly1305 against RFC 8439, and against those who meddle")
struct AEADTests {
    @Test("ChaCha20 (section 2.4.2)")
    func chaCha20() {
        let nonce = [UInt8](hex: "000000000000004a00000000")
        var out = [UInt8](repeating: 0, count: sunscreen.count)
        l45_chacha20(Array(0..<32), nonce, 1, sunscreen, sunscreen.count, &out)
        let expected =
            "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0bf91b65c5524733ab8f593dabcd62b357"
            + "1639d624e65152ab8f530c359f0861d807ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab7793736"
            + "5af90bbf74a35be6b40b8eedf2785e42874d"
        #expect(out == [UInt8](hex: expected))
    }

    /// Key, message, tag. The first is section 2.5.2; the rest are appendix A.3, vectors 7 to 11: sums and products that
    /// end at, or just past, the modulus.
    @Test(
        "Poly1305",
        arguments: [
            (
                "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b",
                "43727970746f6772617068696320466f72756d2052657365617263682047726f7570",
                "a8061dc1305136c6c22b8baf0c0127a9"
            ),
            (
                "0200000000000000000000000000000000000000000000000000000000000000",
                "ffffffffffffffffffffffffffffffff", "03000000000000000000000000000000"
            ),
            (
                "02000000000000000000000000000000ffffffffffffffffffffffffffffffff",
                "02000000000000000000000000000000", "03000000000000000000000000000000"
            ),
            (
                "0100000000000000000000000000000000000000000000000000000000000000",
                "fffffffffffffffffffffffffffffffff0ffffffffffffffffffffffffffffff11000000000000000000000000000000",
                "05000000000000000000000000000000"
            ),
            (
                "0100000000000000000000000000000000000000000000000000000000000000",
                "fffffffffffffffffffffffffffffffffbfefefefefefefefefefefefefefefe01010101010101010101010101010101",
                "00000000000000000000000000000000"
            ),
            (
                "0200000000000000000000000000000000000000000000000000000000000000",
                "fdffffffffffffffffffffffffffffff", "faffffffffffffffffffffffffffffff"
            ),
        ])
    func poly1305(key: String, message: String, tag: String) {
        let message = [UInt8](hex: message)
        for chop in [1, 5, 16, message.count] {
            var state = l45_poly1305()
            var out = [UInt8](repeating: 0, count: 16)
            l45_poly1305_begin(&state, [UInt8](hex: key))
            for start in stride(from: 0, to: message.count, by: chop) {
                let piece = Array(message[start..<min(start + chop, message.count)])
                l45_poly1305_add(&state, piece, piece.count)
            }
            l45_poly1305_end(&state, &out)
            #expect(out == [UInt8](hex: tag), "in pieces of \(chop)")
        }
    }

    @Test("The AEAD seals and opens the example of section 2.8.2")
    func example() throws {
        let box = Box(key: Array(0x80...0x9f), nonce: [UInt8](hex: "070000004041424344454647"))
        let ad = [UInt8](hex: "50515253c0c1c2c3c4c5c6c7")
        let expected =
            "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b"
            + "1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
            + "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"
        #expect(box.seal(sunscreen, ad: ad) == [UInt8](hex: expected))
        #expect(box.open([UInt8](hex: expected), ad: ad) == sunscreen)
    }

    @Test("What was sealed opens again, at every length up to five blocks")
    func everyLength() {
        var chance = SeededGenerator(seed: 7)
        for bytes in 0...320 {
            let box = Box(key: chance.bytes(32), nonce: chance.bytes(12))
            let plain = chance.bytes(bytes)
            let ad = chance.bytes(bytes % 37)
            #expect(box.open(box.seal(plain, ad: ad), ad: ad) == plain, "\(bytes) bytes")
        }
    }

    @Test("One changed bit, anywhere in message, tag, nonce, key or associated data, and nothing is let out")
    func oneBit() {
        var chance = SeededGenerator(seed: 8)
        let (key, nonce, ad, plain) = (chance.bytes(32), chance.bytes(12), chance.bytes(10), chance.bytes(40))
        let sealed = Box(key: key, nonce: nonce).seal(plain, ad: ad)
        for bit in 0..<(sealed.count * 8) {
            #expect(Box(key: key, nonce: nonce).open(sealed.flipping(bit), ad: ad) == nil)
        }
        for bit in 0..<(key.count * 8) {
            #expect(Box(key: key.flipping(bit), nonce: nonce).open(sealed, ad: ad) == nil)
        }
        for bit in 0..<(nonce.count * 8) {
            #expect(Box(key: key, nonce: nonce.flipping(bit)).open(sealed, ad: ad) == nil)
        }
        for bit in 0..<(ad.count * 8) {
            #expect(Box(key: key, nonce: nonce).open(sealed, ad: ad.flipping(bit)) == nil)
        }
    }

    @Test("A message that was cut short is no message")
    func cut() {
        let box = Box(key: Array(0..<32), nonce: Array(0..<12))
        let sealed = box.seal([1, 2, 3], ad: [])
        for bytes in 0..<sealed.count {
            #expect(box.open(Array(sealed.prefix(bytes)), ad: []) == nil)
        }
    }
}

/// One key and nonce. `open` gives nil for what is refused, and insists that a refusal writes nothing.
struct Box {
    var key: [UInt8]
    var nonce: [UInt8]

    func seal(_ plain: [UInt8], ad: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: plain.count + Int(L45_AEAD_TAG_BYTES))
        l45_aead_seal(key, nonce, ad, ad.count, plain, plain.count, &out)
        return out
    }

    func open(_ sealed: [UInt8], ad: [UInt8]) -> [UInt8]? {
        let untouched = [UInt8](repeating: 0x5a, count: sealed.count)
        var out = untouched
        let bytes = l45_aead_open(key, nonce, ad, ad.count, sealed, sealed.count, &out)
        if bytes < 0 {
            #expect(bytes == -Int(EBADMSG))
            #expect(out == untouched)
            return nil
        }
        return Array(out.prefix(bytes))
    }
}

extension [UInt8] {
    /// The same bytes with one bit the other way round.
    func flipping(_ bit: Int) -> [UInt8] {
        var bytes = self
        bytes[bit / 8] ^= 1 << (bit % 8)
        return bytes
    }
}
