import KernelTap
import L45Model

/// Lets a tap's notices through to the orchestrator at a pace that a person can read: one of a sort in each minute. Pure.
struct NoticeGate: Hashable, Sendable {
    static let span = Span.seconds(60)
    static let sortsMax = 64

    private struct Sort: Hashable {
        var kind: TapNotice.Kind
        var module: ModuleID?
        var process: String
        var reason: String
    }
    private struct Passed: Hashable {
        var at: Timestamp
        var heldBack = 0
    }
    private var passed: [Sort: Passed] = [:]

    /// - Returns: how many of the sort were held back since the last that passed; nil: this one is held back too.
    mutating func pass(_ notice: TapNotice, now: Timestamp) -> Int? {
        let sort = Sort(
            kind: notice.kind, module: notice.module, process: notice.process, reason: notice.reason)
        if let before = passed[sort], now - before.at < Self.span, now >= before.at {
            passed[sort]?.heldBack += 1 + notice.lost
            return nil
        }
        let heldBack = (passed[sort]?.heldBack ?? 0) + notice.lost
        passed = passed.filter { now - $0.value.at < Self.span && now >= $0.value.at }
        if passed.count >= Self.sortsMax, let oldest = passed.min(by: { $0.value.at < $1.value.at })?.key {
            passed[oldest] = nil
        }
        passed[sort] = Passed(at: now)
        return heldBack
    }
}
