import L45Model

/// A value and where it was written.
struct Placed<Value: Sendable>: Sendable {
    var value: Value
    var place: SourcePlace

    init(_ value: Value, _ place: SourcePlace) {
        self.value = value
        self.place = place
    }
}

/// One item of `intent:`, whichever way it was written.
enum IntentItem {
    case tag(TagDraft)
    case rotate(Rotation, SourcePlace)
    /// A rotation and how it goes round, in one phrase.
    case rotateByWaves(Rotation, RolloutDraft, SourcePlace)
    case rollout(RolloutDraft)
    /// For every tag of the intent that does not say otherwise itself.
    case dropUntagged(Bool, SourcePlace)
    case delay(Span, SourcePlace)
    case label(String, SourcePlace)
    case guardPaths(GuardDraft)
    case posture(PosturePart)
}

extension Rotation {
    static let everyRange = Span.seconds(1)...Span.seconds(365 * 86_400)
    static let jitterRange = Span.zero...Span.seconds(365 * 86_400)

    static func checked(_ timing: RotationTiming, jitter: Placed<Span>?) throws(Diagnostic) -> Rotation {
        guard let jitter else { return Rotation(timing) }
        guard jitter.value < timing.shortestGap else {
            let what = if case .every = timing { "period" } else { "least time between two rotations" }
            throw Diagnostic(
                at: jitter.place, "a jitter of \(jitter.value) is not less than the \(what) of \(timing.shortestGap)",
                hint: "a tenth of the period is usual")
        }
        return Rotation(timing, jitter: jitter.value)
    }

    static func period(_ text: String) throws(Complaint) -> RotationTiming {
        .every(try Check.span(text, "a rotation's period", everyRange))
    }

    static func calendar(_ text: String) throws(Complaint) -> RotationTiming {
        do throws(CronSchedule.Fault) {
            return .cron(try CronSchedule(text))
        } catch {
            throw Complaint(error.message, error.hint)
        }
    }
}
