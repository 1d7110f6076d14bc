import Foundation
import HiccupsGuard

/// The line that a terminal shows while paths are probed, at most ten times a second. Nothing, where standard error is none.
struct ProbeProgress: Sendable {
    private let console: Console
    private let isShown: Bool
    private let total: Int
    private let begin = ContinuousClock.now
    private var shownAt: ContinuousClock.Instant?

    init(total: Int, console: Console = .standard) {
        self.console = console
        self.total = total
        isShown = console.isTerminal(.err)
    }

    mutating func show(_ pace: SurveyLedger.Pace) {
        let now = ContinuousClock.now
        guard isShown, shownAt.map({ now - $0 >= .milliseconds(100) }) ?? true else { return }
        shownAt = now
        let seconds = max((now - begin) / .seconds(1), 0.001)
        var text = "\(pace.flows) of \(total) flows, \(Int(Double(pace.syns) / seconds)) SYNs/s"
        if pace.silent > 0 { text += ", \(pace.silent) without an answer" }
        if pace.flows > 0, pace.flows < total {
            text += ", \(Int(seconds * Double(total - pace.flows) / Double(pace.flows))) s left"
        }
        console.progress(text)
    }

    /// Leaves the terminal's line empty.
    func clear() { if isShown { console.progress("") } }
}
