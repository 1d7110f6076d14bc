/// SipHash-2-4 (Aumasson and Bernstein, 2012): a pseudorandom function for short inputs under a 128-bit key.
///
/// Chosen over HMAC-SHA256: a responder computes it for every SYN, also in a flood; the wire has room for 36 bits of
/// it, so a
/// longer output buys nothing; and it needs no allocation. The dialect engine's tags use the same function.
enum SipHash {
    static func hash(_ bytes: Span<UInt8>, key: PathKey) -> UInt64 {
        var state = State(key)
        var at = 0
        while at + 8 <= bytes.count {
            var word: UInt64 = 0
            for index in 0..<8 { word |= UInt64(bytes[at + index]) << UInt64(8 * index) }
            state.take(word)
            at += 8
        }
        var last = UInt64(UInt8(truncatingIfNeeded: bytes.count)) << 56
        for index in 0..<bytes.count - at { last |= UInt64(bytes[at + index]) << UInt64(8 * index) }
        state.take(last)
        return state.finished()
    }

    private struct State {
        var a, b, c, d: UInt64

        init(_ key: PathKey) {
            a = key.low ^ 0x736f_6d65_7073_6575
            b = key.high ^ 0x646f_7261_6e64_6f6d
            c = key.low ^ 0x6c79_6765_6e65_7261
            d = key.high ^ 0x7465_6462_7974_6573
        }

        mutating func take(_ word: UInt64) {
            d ^= word
            round()
            round()
            a ^= word
        }

        mutating func finished() -> UInt64 {
            c ^= 0xff
            for _ in 0..<4 { round() }
            return a ^ b ^ c ^ d
        }

        private mutating func round() {
            a = a &+ b
            b = Self.rotated(b, 13) ^ a
            a = Self.rotated(a, 32)
            c = c &+ d
            d = Self.rotated(d, 16) ^ c
            a = a &+ d
            d = Self.rotated(d, 21) ^ a
            c = c &+ b
            b = Self.rotated(b, 17) ^ c
            c = Self.rotated(c, 32)
        }

        private static func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }
    }
}
