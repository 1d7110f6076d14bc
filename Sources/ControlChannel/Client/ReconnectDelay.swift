package import L45Model

/// How long to wait before the next try: exponential with full jitter, so that a fleet that lost its orchestrator does
/// not come back all at once.
package struct ReconnectDelay: Hashable, Sendable {
    /// Upper bound of the first delay.
    package var first: Span
    /// Upper bound of any delay.
    package var max: Span

    package init(first: Span = .seconds(1), max: Span = .seconds(30)) {
        self.first = first
        self.max = max
    }

    /// - Parameter attempt: failures in a row, 1 for the first.
    /// - Returns: uniformly between 0 and the smaller of `max` and `first * 2^(attempt - 1)`.
    package func span(attempt: Int, using random: inout some RandomNumberGenerator) -> Span {
        let doublings = Swift.max(0, Swift.min(attempt - 1, 30))
        let (grown, overflow) = first.milliseconds.multipliedReportingOverflow(by: 1 << Int64(doublings))
        let bound = Swift.max(0, overflow ? max.milliseconds : Swift.min(grown, max.milliseconds))
        return .milliseconds(Int64.random(in: 0...bound, using: &random))
    }
}
