import L45Model

/// A published table on its way to being in force in every tapped process: the tap is asked until it says so. Pure.
struct Settling: Hashable, Sendable {
    let generation: Generation
    let since: Timestamp
    private(set) var interval: Span
    private(set) var askAt: Timestamp

    static let intervalMin = Span.milliseconds(20)
    static let intervalMax = Span.seconds(1)
    /// Longer than this and the operator is told.
    static let slowAfter = Span.seconds(2)

    init(_ generation: Generation, now: Timestamp) {
        self.generation = generation
        since = now
        interval = Self.intervalMin
        askAt = now + Self.intervalMin
    }

    /// The tap was asked and says that an older one is still at work.
    mutating func asked(now: Timestamp) {
        askAt = now + interval
        interval = min(.milliseconds(interval.milliseconds * 2), Self.intervalMax)
    }

    func isSlow(now: Timestamp) -> Bool { now - since > Self.slowAfter }
}
