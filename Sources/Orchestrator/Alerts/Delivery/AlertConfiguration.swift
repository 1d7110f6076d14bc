package import L45Model

/// Who is told of alerts, and how much of it.
package struct AlertConfiguration: Hashable, Sendable {
    package var sinks: [AlertSink]
    /// This and worse ones are told; all are kept.
    package var severity: AlertSeverity
    package var limits: AlertLimits
    package var bounds: MonitorBounds
    /// Every seal of the CIB is looked at once in this time.
    package var sealsEvery: Span

    package init(
        sinks: [AlertSink] = [], severity: AlertSeverity = .warning, limits: AlertLimits = AlertLimits(),
        bounds: MonitorBounds = MonitorBounds(), sealsEvery: Span = .seconds(600)
    ) {
        self.sinks = sinks
        self.severity = severity
        self.limits = limits
        self.bounds = bounds
        self.sealsEvery = sealsEvery
    }
}

/// How much one sink is told.
package struct AlertLimits: Hashable, Sendable {
    /// Of one kind in one window; 1 or more. What comes beyond is counted, and told as one number when the window ends.
    package var perKind: Int
    /// Of all kinds in one window.
    package var perSink: Int
    package var window: Span
    /// Waits between tries, which double from the first to the last.
    package var retryFirst: Span
    package var retryLast: Span

    package init(
        perKind: Int = 10, perSink: Int = 60, window: Span = .seconds(60), retryFirst: Span = .seconds(1),
        retryLast: Span = .seconds(300)
    ) {
        self.perKind = perKind
        self.perSink = perSink
        self.window = window
        self.retryFirst = retryFirst
        self.retryLast = retryLast
    }
}
