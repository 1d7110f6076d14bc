/// The ones' complement sum of RFC 1071.
struct InternetChecksum {
    private var sum: UInt64 = 0

    mutating func add(_ word: UInt16) { sum += UInt64(word) }

    mutating func add(_ words: UInt32) {
        sum += UInt64(words >> 16) + UInt64(words & 0xffff)
    }

    mutating func add(_ words: UInt64) {
        add(UInt32(truncatingIfNeeded: words >> 32))
        add(UInt32(truncatingIfNeeded: words))
    }

    /// Adds `range` of `bytes`, an odd last byte as the high half of a word.
    mutating func add(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        var at = range.lowerBound
        while at + 1 < range.upperBound {
            sum += UInt64(bytes[at]) << 8 | UInt64(bytes[at + 1])
            at += 2
        }
        if at < range.upperBound { sum += UInt64(bytes[at]) << 8 }
    }

    /// What belongs into the field, that field having been added as 0.
    var value: UInt16 {
        var folded = sum
        while folded > 0xffff { folded = (folded >> 16) + (folded & 0xffff) }
        return ~UInt16(truncatingIfNeeded: folded)
    }
}
