package import L45Model

/// When a moving target moves: every so often, give or take a jitter that spreads the intents of a fleet.
///
/// The jitter is a function of intent and edition, so that a restart, or another orchestrator, comes to the same time.
/// Only the orchestrator's clock is read; devices learn of a rotation from their tables.
package enum RotationSchedule {
    /// When the edition in force is to be followed by the next one.
    /// - Parameters:
    ///   - every: the period; not above zero: never.
    ///   - jitter: the most by which the time may be early or late; at most half of the period counts.
    /// - Returns: nil: never.
    package static func next(record: IntentRecord, every: Span, jitter: Span) -> Timestamp? {
        guard every > .zero else { return nil }
        return record.epochSince + every + offset(record, within: min(max(jitter, .zero), half(every)))
    }

    /// Whether the next edition is to begin now.
    ///
    /// One that is overdue begins as soon as the one before has settled: a rotation is never stacked upon another.
    /// - Parameter settled: every flow of the intent is settled.
    package static func due(
        record: IntentRecord, every: Span, jitter: Span, settled: @autoclosure () -> Bool, now: Timestamp
    ) -> Bool {
        guard !record.paused, let next = next(record: record, every: every, jitter: jitter) else { return false }
        // Begun in the future: our clock was set back. Going on now mends it, waiting might take years.
        // Asked last: it looks at every flow.
        return (now >= next || record.epochSince > now + every) && settled()
    }

    /// In `-jitter ... jitter`, evenly.
    private static func offset(_ record: IntentRecord, within jitter: Span) -> Span {
        let digest = Digest(of: Array("rotation \(record.name) \(record.epoch)".utf8))
        guard jitter > .zero, let draw = UInt64(digest.hex.prefix(15), radix: 16) else { return .zero }
        let width = UInt64(jitter.milliseconds) * 2 + 1
        return .milliseconds(Int64(draw % width) - jitter.milliseconds)
    }

    private static func half(_ span: Span) -> Span { .milliseconds(span.milliseconds / 2) }
}
