/// How many answers a responder gives in a second: a bucket that fills steadily. A flood of probes so costs a bounded share of
/// one processor, and sends no more packets than that to whoever the flood pretends to be.
package struct AnswerBudget: Sendable {
    /// Answers per second; also what a burst may take at once.
    package let perSecond: Int
    /// SYNs that went unanswered.
    package private(set) var refused: UInt64 = 0
    private var filledAt: ContinuousClock.Instant?
    private var left: Double

    /// - Parameter perSecond: 1 or more.
    package init(perSecond: Int) {
        self.perSecond = max(1, perSecond)
        left = Double(self.perSecond)
    }

    /// - Returns: whether one more may be given now.
    package mutating func take(now: ContinuousClock.Instant) -> Bool {
        if let filledAt, now > filledAt {
            let parts = (now - filledAt).components
            let seconds = Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
            left = min(Double(perSecond), left + seconds * Double(perSecond))
        }
        filledAt = now
        guard left >= 1 else {
            refused += 1
            return false
        }
        left -= 1
        return true
    }
}
