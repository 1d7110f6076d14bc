import L45Model

/// Ages as operators read them: `12s`, `3m`, `5h`, `4d`.
enum Age {
    static let none = "<none>"

    /// A time of the future, as two clocks may have it, is `0s`.
    static func text(_ span: Span) -> String {
        let seconds = max(0, span.milliseconds) / 1000
        switch seconds {
        case ..<120: return "\(seconds)s"
        case ..<(120 * 60): return "\(seconds / 60)m"
        case ..<(48 * 3600): return "\(seconds / 3600)h"
        default: return "\(seconds / 86_400)d"
        }
    }

    static func since(_ time: APITime?, _ now: Timestamp) -> String { time.map { text(now - $0.timestamp) } ?? none }

    static func until(_ time: APITime?, _ now: Timestamp) -> String {
        time.map { "in \(text($0.timestamp - now))" } ?? none
    }

    /// `12s ago`, or `never`.
    static func ago(_ time: APITime?, _ now: Timestamp) -> String {
        time.map { "\(text(now - $0.timestamp)) ago" } ?? "never"
    }
}
