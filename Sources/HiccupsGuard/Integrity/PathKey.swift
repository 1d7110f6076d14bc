package import L45Model

/// The secret that the two ends of a path share and no middlebox knows: 128 bits, given to both by the orchestrator.
package struct PathKey: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let low: UInt64
    let high: UInt64

    /// - Returns: nil unless `secret` has exactly 16 bytes.
    package init?(_ secret: Secret) {
        guard secret.bytes.count == 16 else { return nil }
        func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        low = word(secret.bytes[0..<8])
        high = word(secret.bytes[8..<16])
    }

    init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    package var description: String { "path key (128 bits)" }
    package var debugDescription: String { description }
    /// Not to `dump` either.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
