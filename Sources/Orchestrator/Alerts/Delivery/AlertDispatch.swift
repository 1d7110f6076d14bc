package import L45Model

/// What one sink is told next, what is held back, and when it is tried again. Pure: news and time in, steps out.
package struct AlertDispatch: Sendable {
    package enum Step: Hashable, Sendable {
        case deliver(AlertMessage)
        /// Nothing until then; nil: until there is news.
        case wait(until: Timestamp?)
    }

    package enum Failure: Hashable, Sendable {
        /// It may do better later: not reached, too slow, an error of its own. Tried until it does.
        case unavailable(String, retryAfter: Span?)
        /// It took the message and said no to what is in it.
        case refused(String)

        package var reason: String {
            switch self {
            case .unavailable(let reason, _), .refused(let reason): reason
            }
        }
    }

    /// For the CIB.
    package private(set) var standing: AlertSinkStanding
    /// Tries of the present message that failed in a row.
    package private(set) var failures = 0
    private let limits: AlertLimits
    private let severity: AlertSeverity
    private var waiting: [AlertNews] = []
    private var present: AlertMessage?
    private var retryAt = Timestamp.never

    /// A message that a sink refuses is given up after so many tries, so that it holds up no other.
    package static let refusalsMax = 5
    /// Under this name all kinds are counted together.
    static let anyKind = AlertKind("*")

    package init(_ standing: AlertSinkStanding, limits: AlertLimits, severity: AlertSeverity) {
        self.standing = standing
        self.limits = limits
        self.severity = severity
    }

    /// Where the list is to be read on; nil: there is enough to do.
    package var readsAfter: UInt64? { waiting.isEmpty && present == nil ? standing.place : nil }

    /// - Parameter first: where the list begins now; what was before it and not read is lost.
    package mutating func read(_ news: [AlertNews], first: UInt64?) {
        if let first, first > standing.place + 1 {
            standing.missed += first - standing.place - 1
            standing.place = first - 1
        }
        waiting += news.filter { $0.place > standing.place }
    }

    package mutating func next(now: Timestamp) -> Step {
        if present == nil { present = choose(now) }
        guard let message = present else { return .wait(until: ends.min()) }
        // A clock that was set back does not make anybody wait.
        if now < retryAt, retryAt - now <= limits.retryLast { return .wait(until: retryAt) }
        return .deliver(message)
    }

    package mutating func delivered(now: Timestamp) {
        if let present { count(present, now) }
        present = nil
        failures = 0
        retryAt = .never
    }

    /// - Parameter jitter: 0 to 1, so that many who wait for one thing do not come at once.
    /// - Returns: whether the message was given up.
    package mutating func failed(_ failure: Failure, jitter: Double, now: Timestamp) -> Bool {
        failures += 1
        if case .refused = failure, failures >= Self.refusalsMax {
            delivered(now: now)
            return true
        }
        let doubled = limits.retryFirst.milliseconds << min(failures - 1, 20)
        var wait = min(doubled, limits.retryLast.milliseconds)
        wait = wait / 2 + Int64(Double(wait / 2) * min(max(jitter, 0), 1))
        if case .unavailable(_, let asked?) = failure { wait = max(wait, asked.milliseconds) }
        retryAt = now + .milliseconds(min(max(wait, 1), limits.retryLast.milliseconds))
        return false
    }

    // MARK: What is told

    private mutating func choose(_ now: Timestamp) -> AlertMessage? {
        if standing.missed > 0 { return .missed(count: standing.missed) }
        for (kind, window) in standing.windows.sorted(by: { $0.key < $1.key }) where isOver(window, now) {
            if window.heldBack > 0 {
                return .heldBack(kind, count: window.heldBack, since: window.began, last: window.last)
            }
            standing.windows[kind] = nil
        }
        while let news = waiting.first {
            if news.alert.severity < severity {
                pass(news)
            } else if isFull(news.alert.kind) {
                standing.windows[news.alert.kind, default: AlertSinkStanding.Window(began: now)].heldBack += 1
                standing.windows[news.alert.kind]?.last = news.alert.id
                pass(news)
            } else {
                return .news(news)
            }
        }
        return nil
    }

    private mutating func pass(_ news: AlertNews) {
        waiting.removeFirst()
        standing.place = max(standing.place, news.place)
    }

    private mutating func count(_ message: AlertMessage, _ now: Timestamp) {
        switch message {
        case .news(let news):
            if waiting.first == news { pass(news) }
            for kind in [news.alert.kind, Self.anyKind] {
                standing.windows[kind, default: AlertSinkStanding.Window(began: now)].told += 1
            }
        case .heldBack(let kind, _, _, _): standing.windows[kind] = nil
        case .missed: standing.missed = 0
        }
    }

    private func isFull(_ kind: AlertKind) -> Bool {
        (standing.windows[kind]?.told ?? 0) >= limits.perKind
            || (standing.windows[Self.anyKind]?.told ?? 0) >= limits.perSink
    }

    private func isOver(_ window: AlertSinkStanding.Window, _ now: Timestamp) -> Bool {
        now >= window.began + limits.window || now < window.began
    }

    private var ends: [Timestamp] { standing.windows.values.map { $0.began + limits.window } }
}
