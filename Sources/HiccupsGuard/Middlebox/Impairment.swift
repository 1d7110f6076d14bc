/// What a poor line does to packets, whatever is in them.
package struct Impairment: Hashable, Sendable {
    /// Shares of the packets, 0 to 1.
    package var loss = 0.0
    package var duplication = 0.0
    /// Held back by ``holdingBack``, so that later ones overtake them.
    package var reordering = 0.0
    package var delay = Duration.zero
    /// Added to the delay, drawn evenly from 0 to this. Packets overtake each other by it.
    package var jitter = Duration.zero
    package var holdingBack = Duration.milliseconds(5)

    package static let none = Impairment()

    package init() {}

    package var isNone: Bool { self == .none }

    /// After how long each copy of the next packet goes on; no copy: it is lost.
    package func draw(using random: inout some RandomNumberGenerator) -> [Duration] {
        guard !isNone else { return [.zero] }
        // Every packet takes the same number of draws, so that a change of one share leaves the others' packets alone.
        let draws = (0..<4).map { _ in Double.random(in: 0..<1, using: &random) }
        if draws[0] < loss { return [] }
        var wait = delay + jitter * draws[3]
        if draws[2] < reordering { wait += holdingBack }
        return draws[1] < duplication ? [wait, wait] : [wait]
    }
}
