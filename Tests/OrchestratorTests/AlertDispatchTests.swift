import L45Model
import Orchestrator
import Testing

@Suite("What a sink is told, and when")
struct AlertDispatchTests {
    private static let noon = Timestamp(1_790_000_000_000)
    private let limits = AlertLimits(
        perKind: 2, perSink: 5, window: .seconds(60), retryFirst: .seconds(1), retryLast: .seconds(8))

    private func news(
        _ place: UInt64, _ kind: AlertKind = .tagForged, _ severity: AlertSeverity = .warning
    ) -> AlertNews {
        AlertNews(
            place: place, at: Self.noon, what: .opened,
            alert: Alert(
                AlertID(place), AlertFinding(kind, .fleet, severity, expected: "", seen: ""), at: Self.noon))
    }

    private func dispatch(place: UInt64 = 0) -> AlertDispatch {
        AlertDispatch(AlertSinkStanding(place: place), limits: limits, severity: .warning)
    }

    /// Delivers all that is to be told now.
    private func told(_ dispatch: inout AlertDispatch, at now: Timestamp) -> [String] {
        var told: [String] = []
        while case .deliver(let message) = dispatch.next(now: now) {
            switch message {
            case .news(let news): told.append("\(news.place)")
            case .heldBack(let kind, let count, _, let last):
                told.append("\(count) more \(kind), last \(last?.rawValue ?? 0)")
            case .missed(let count): told.append("\(count) missed")
            }
            dispatch.delivered(now: now)
        }
        return told
    }

    @Test("Two of a kind in a minute, then a number; other kinds are told meanwhile, and the next minute begins afresh")
    func rate() {
        var dispatch = dispatch()
        dispatch.read((1...5).map { news($0) } + [news(6, .agentSilent)], first: 1)
        #expect(told(&dispatch, at: Self.noon) == ["1", "2", "6"])
        #expect(dispatch.standing.place == 6)
        #expect(dispatch.next(now: Self.noon + .seconds(1)) == .wait(until: Self.noon + .seconds(60)))
        #expect(told(&dispatch, at: Self.noon + .seconds(60)) == ["3 more tag-forged, last 5"])
        dispatch.read([news(7)], first: 1)
        #expect(told(&dispatch, at: Self.noon + .seconds(61)) == ["7"])
        #expect(dispatch.next(now: Self.noon + .seconds(62)) == .wait(until: Self.noon + .seconds(121)))
    }

    @Test("However many kinds there are, a sink is told so much in a minute")
    func total() {
        var dispatch = dispatch()
        dispatch.read((1...8).map { news($0, AlertKind("kind-\($0)")) }, first: 1)
        #expect(told(&dispatch, at: Self.noon) == ["1", "2", "3", "4", "5"])
        #expect(
            told(&dispatch, at: Self.noon + .seconds(60))
                == ["1 more kind-6, last 6", "1 more kind-7, last 7", "1 more kind-8, last 8"])
    }

    @Test("What was held back is told by the next orchestrator too")
    func restart() {
        var first = dispatch()
        first.read((1...5).map { news($0) }, first: 1)
        _ = told(&first, at: Self.noon)
        var second = AlertDispatch(first.standing, limits: limits, severity: .warning)
        #expect(second.readsAfter == 5)
        #expect(told(&second, at: Self.noon + .seconds(61)) == ["3 more tag-forged, last 5"])
    }

    @Test("A sink that is down is tried at doubling intervals and passes nothing over")
    func outage() throws {
        var dispatch = dispatch()
        dispatch.read([news(1), news(2)], first: 1)
        var time = Self.noon
        var waits: [Int64] = []
        for _ in 0..<6 {
            guard case .deliver = dispatch.next(now: time) else {
                Issue.record("nothing to deliver")
                return
            }
            let isGivenUp = dispatch.failed(.unavailable("down", retryAfter: nil), jitter: 1, now: time)
            #expect(!isGivenUp)
            guard case .wait(let until?) = dispatch.next(now: time) else {
                Issue.record("no wait")
                return
            }
            waits.append((until - time).milliseconds)
            time = until
        }
        #expect(waits == [1000, 2000, 4000, 8000, 8000, 8000])
        #expect(dispatch.standing.place == 0)
        #expect(told(&dispatch, at: time) == ["1", "2"])
        #expect(dispatch.failures == 0)
    }

    @Test("A receiver that asks to be left alone is left alone")
    func retryAfter() {
        var dispatch = dispatch()
        dispatch.read([news(1)], first: 1)
        _ = dispatch.next(now: Self.noon)
        _ = dispatch.failed(.unavailable("429", retryAfter: .seconds(5)), jitter: 0, now: Self.noon)
        #expect(dispatch.next(now: Self.noon) == .wait(until: Self.noon + .seconds(5)))
    }

    @Test("A message that is refused for what it says holds up the others five times at most")
    func refused() {
        var dispatch = dispatch()
        dispatch.read([news(1), news(2)], first: 1)
        var time = Self.noon
        var givenUp: [Bool] = []
        for _ in 0..<5 {
            _ = dispatch.next(now: time)
            givenUp.append(dispatch.failed(.refused("answers 422"), jitter: 1, now: time))
            time = time + .seconds(10)
        }
        #expect(givenUp == [false, false, false, false, true])
        #expect(told(&dispatch, at: time) == ["2"])
    }

    @Test("What is not bad enough is passed over; what was gone before it could be told is told as a number")
    func passedOver() {
        var dispatch = dispatch(place: 3)
        dispatch.read([news(10, .tagForged, .notice), news(11)], first: 10)
        #expect(told(&dispatch, at: Self.noon) == ["6 missed", "11"])
        #expect(dispatch.standing == AlertSinkStanding(place: 11, windows: dispatch.standing.windows))
    }

    @Test("A clock that was set back ends no window late, and nobody waits for a time that is far off")
    func clock() {
        var dispatch = dispatch()
        dispatch.read((1...3).map { news($0) }, first: 1)
        _ = told(&dispatch, at: Self.noon)
        #expect(told(&dispatch, at: Self.noon + .seconds(-3600)) == ["1 more tag-forged, last 3"])
        dispatch.read([news(4)], first: 1)
        _ = dispatch.next(now: Self.noon)
        _ = dispatch.failed(.unavailable("down", retryAfter: nil), jitter: 1, now: Self.noon)
        #expect(told(&dispatch, at: Self.noon + .seconds(-3600)) == ["4"])
    }
}
