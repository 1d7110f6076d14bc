/// A generator that tells the same story for the same seed, on every machine: SplitMix64 (Steele, Lea, Flood 2014). For
/// simulation; never for keys.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// True once in `odds` draws on average; never when `odds` is not above 0.
    package mutating func once(in odds: Int) -> Bool { odds > 0 && Int.random(in: 0..<odds, using: &self) == 0 }

    /// Another generator, whose draws do not disturb this one's.
    package mutating func split() -> SeededRandom { SeededRandom(seed: next()) }
}
