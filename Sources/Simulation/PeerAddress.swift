package import L45Model

/// An address in two words, so that a rule is matched by two comparisons.
package struct PeerAddress: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    package init(_ block: AddressBlock) { self.init(bytes: block.bytes) }

    /// - Parameter bytes: 16, network order.
    init(bytes: some Sequence<UInt8>) {
        var words: (UInt64, UInt64) = (0, 0)
        for (at, byte) in bytes.enumerated() {
            if at < 8 { words.0 = words.0 << 8 | UInt64(byte) } else { words.1 = words.1 << 8 | UInt64(byte) }
        }
        high = words.0
        low = words.1
    }

    /// - Parameter prefixBits: 0 to 128.
    func agrees(with other: PeerAddress, prefixBits: Int) -> Bool {
        let upper = min(prefixBits, 64)
        let lower = max(0, prefixBits - 64)
        return (upper == 0 || (high ^ other.high) >> UInt64(64 - upper) == 0)
            && (lower == 0 || (low ^ other.low) >> UInt64(64 - lower) == 0)
    }
}
