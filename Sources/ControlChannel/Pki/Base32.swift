/// RFC 4648 base 32 in lowercase and without padding: letters and digits that survive copying, reading aloud and URLs.
enum Base32 {
    private static let digits = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    static func text(_ bytes: some Sequence<UInt8>) -> String {
        var out: [UInt8] = []
        var pending: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            pending = pending << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                out.append(digits[Int(pending >> bits & 31)])
            }
            pending &= (1 << bits) - 1
        }
        if bits > 0 { out.append(digits[Int(pending << (5 - bits) & 31)]) }
        return String(decoding: out, as: UTF8.self)
    }

    /// - Returns: nil when a character is no digit, or the bits past the last whole byte are not zero.
    static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        var out: [UInt8] = []
        var pending: UInt32 = 0
        var bits: UInt32 = 0
        for character in text.utf8 {
            let lower = (0x41...0x5a).contains(character) ? character + 32 : character
            guard let value = digits.firstIndex(of: lower) else { return nil }
            pending = pending << 5 | UInt32(value)
            bits += 5
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: pending >> bits))
                pending &= (1 << bits) - 1
            }
        }
        guard bits < 5, pending == 0 else { return nil }
        return out
    }
}
