package import L45Model

/// When a difference is worth an alert.
package struct MonitorBounds: Hashable, Sendable {
    /// What differs has to differ for so long. Longer than several reports, since the two ends of a flow do not report at once.
    package var lastsFor: Span
    /// A device that runs something, or is to, may say nothing for so long.
    package var silentFor: Span
    /// Messages that should not be: the alert is over when none came for so long.
    package var quietFor: Span
    /// Messages of one end without any at the other, fewer of which are chance: one lost, one late.
    package var messagesMin: UInt64

    package init(
        lastsFor: Span = .seconds(60), silentFor: Span = .seconds(120), quietFor: Span = .seconds(600),
        messagesMin: UInt64 = 10
    ) {
        self.lastsFor = lastsFor
        self.silentFor = silentFor
        self.quietFor = quietFor
        self.messagesMin = messagesMin
    }
}
