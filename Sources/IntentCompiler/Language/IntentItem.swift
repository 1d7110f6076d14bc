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
    /// For every tag of the intent that does not say otherwise itself.
    case dropUntagged(Bool, SourcePlace)
    case delay(Span, SourcePlace)
    case guardPaths(GuardDraft)
}

extension Rotation {
    static let everyRange = Span.seconds(1)...Span.seconds(365 * 86_400)
    static let jitterRange = Span.zero...Span.seconds(365 * 86_400)

    static func checked(every: Placed<Span>, jitter: Placed<Span>?) throws(Diagnostic) -> Rotation {
        guard let jitter else { return Rotation(every: every.value) }
        guard jitter.value < every.value else {
            throw Diagnostic(
                at: jitter.place, "a jitter of \(jitter.value) is not less than the period of \(every.value)",
                hint: "a tenth of the period is usual")
        }
        return Rotation(every: every.value, jitter: jitter.value)
    }
}
