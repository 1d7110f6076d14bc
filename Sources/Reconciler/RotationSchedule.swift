package import L45Model

/// When a moving target moves: every so often or by the calendar, give or take a jitter that spreads the intents of a fleet.
///
/// The jitter is a function of intent and edition, so that a restart, or another orchestrator, comes to the same time.
/// Only the orchestrator's clock is read; devices learn of a rotation from their tables.
package enum RotationSchedule {
    /// When the edition in force is to be followed by the next one. It depends on when that edition began and on nothing
    /// that was missed since: so whatever was missed is made up for once.
    /// - Parameters:
    ///   - timing: a period that is not above zero: never.
    ///   - jitter: of a period, the most by which the time may be early or late, half of the period at most; of a calendar,
    ///     the most by which it may be late.
    /// - Returns: nil: never.
    package static func next(record: IntentRecord, timing: RotationTiming, jitter: Span) -> Timestamp? {
        switch timing {
        case .every(let every):
            guard every > .zero else { return nil }
            let jitter = min(max(jitter, .zero), half(every))
            let off = draw(record, below: jitter.milliseconds * 2 + 1)
            return record.epochSince + every + .milliseconds(off - jitter.milliseconds)
        case .cron(let schedule):
            let off = draw(record, below: max(jitter, .zero).milliseconds + 1)
            return schedule.next(after: record.epochSince).map { $0 + .milliseconds(off) }
        }
    }

    /// Whether the next edition is to begin now.
    ///
    /// One that is overdue begins as soon as the one before has settled: a rotation is never stacked upon another.
    /// - Parameter settled: every flow of the intent is settled.
    package static func due(
        record: IntentRecord, timing: RotationTiming, jitter: Span, settled: @autoclosure () -> Bool, now: Timestamp
    ) -> Bool {
        // Most of a large fleet's intents are not due, and their draw need not be made to know it.
        guard !record.paused, !isEarly(record, timing, jitter, now),
            let next = next(record: record, timing: timing, jitter: jitter)
        else { return false }
        // Asked last: it looks at every flow.
        return (now >= next || isAhead(record, timing, now)) && settled()
    }

    /// An intent that moves by a schedule.
    package struct Candidate: Sendable {
        package var record: IntentRecord
        package var timing: RotationTiming
        package var jitter: Span
        package init(_ record: IntentRecord, timing: RotationTiming, jitter: Span) {
            self.record = record
            self.timing = timing
            self.jitter = jitter
        }
    }

    /// The intents that begin their next edition now: those that are due, the longest overdue first, and only so many that
    /// no more than `most` are under way. The others are due still, and begin as these settle.
    package static func toBegin(
        _ candidates: [Candidate], underWay: Int, most: Int, isSettled: (IntentName) -> Bool, now: Timestamp
    ) -> [IntentName] {
        guard underWay < most else { return [] }
        let due = candidates.compactMap { candidate -> (at: Timestamp, name: IntentName)? in
            let record = candidate.record
            guard
                Self.due(
                    record: record, timing: candidate.timing, jitter: candidate.jitter,
                    settled: isSettled(record.name), now: now)
            else { return nil }
            return (next(record: record, timing: candidate.timing, jitter: candidate.jitter) ?? now, record.name)
        }
        return due.sorted { ($0.at, $0.name) < ($1.at, $1.name) }.prefix(most - underWay).map(\.name)
    }

    /// Before the earliest time that any draw could give, and begun in the past.
    private static func isEarly(
        _ record: IntentRecord, _ timing: RotationTiming, _ jitter: Span, _ now: Timestamp
    ) -> Bool {
        guard record.epochSince <= now else { return false }
        switch timing {
        case .every(let every): return now + min(max(jitter, .zero), half(every)) < record.epochSince + every
        case .cron(let schedule): return schedule.next(after: record.epochSince).map { now < $0 } ?? true
        }
    }

    /// Begun in the future: our clock was set back. Going on now mends it, waiting might take years.
    private static func isAhead(_ record: IntentRecord, _ timing: RotationTiming, _ now: Timestamp) -> Bool {
        guard record.epochSince > now else { return false }
        switch timing {
        case .every(let every): return record.epochSince > now + every
        case .cron(let schedule): return schedule.next(after: now).map { record.epochSince > $0 } ?? false
        }
    }

    /// In `0 ..< bound`, evenly.
    private static func draw(_ record: IntentRecord, below bound: Int64) -> Int64 {
        let digest = Digest(of: Array("rotation \(record.name) \(record.epoch)".utf8))
        guard bound > 1, let draw = UInt64(digest.hex.prefix(15), radix: 16) else { return 0 }
        return Int64(draw % UInt64(bound))
    }

    private static func half(_ span: Span) -> Span { .milliseconds(span.milliseconds / 2) }
}
