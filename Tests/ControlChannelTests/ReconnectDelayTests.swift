import L45Model
import Testing

@testable import ControlChannel

@Suite("The wait before the next try")
struct ReconnectDelayTests {
    @Test("Delays lie anywhere between nothing and a bound that doubles up to the largest")
    func bounds() {
        let policy = ReconnectDelay(first: .milliseconds(100), max: .milliseconds(1000))
        var random = Seeded(11)
        for (attempt, bound) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (60, 1000), (Int.max, 1000)] {
            let delays = (0..<500).map { _ in policy.span(attempt: attempt, using: &random).milliseconds }
            #expect(delays.allSatisfy { (0...Int64(bound)).contains($0) })
            // Full jitter: the fleet spreads over the whole range.
            #expect(delays.contains { $0 < Int64(bound) / 4 } && delays.contains { $0 > Int64(bound) * 3 / 4 })
        }
    }

    @Test("Absurd settings do not bring it down")
    func absurd() {
        var random = Seeded(12)
        let policy = ReconnectDelay(first: .milliseconds(.max), max: .milliseconds(10))
        #expect(policy.span(attempt: 5, using: &random).milliseconds <= 10)
        #expect(ReconnectDelay(first: .zero, max: .zero).span(attempt: 0, using: &random) == .zero)
    }
}
