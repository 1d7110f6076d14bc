/// MurmurHash3_x86_32 by Austin Appleby (seed reference 111).
enum Murmur3 {
    static func hash(_ bytes: Span<UInt8>, seed: UInt32) -> UInt32 {
        var value = seed
        var at = 0
        while at + 4 <= bytes.count {
            let word =
                UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3])
                << 24
            value ^= scrambled(word)
            value = rotated(value, 13) &* 5 &+ 0xe654_6b64
            at += 4
        }
        var rest: UInt32 = 0
        var shift: UInt32 = 0
        while at < bytes.count {
            rest |= UInt32(bytes[at]) << shift
            shift += 8
            at += 1
        }
        if shift > 0 { value ^= scrambled(rest) }
        value ^= UInt32(truncatingIfNeeded: bytes.count)
        value = (value ^ value >> 16) &* 0x85eb_ca6b
        value = (value ^ value >> 13) &* 0xc2b2_ae35
        return value ^ value >> 16
    }

    private static func scrambled(_ word: UInt32) -> UInt32 { rotated(word &* 0xcc9e_2d51, 15) &* 0x1b87_3593 }
    private static func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 { word << bits | word >> (32 - bits) }
}
