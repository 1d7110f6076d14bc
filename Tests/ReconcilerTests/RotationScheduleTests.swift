import L45Model
import Reconciler
import Testing

@Suite("A moving target")
struct RotationScheduleTests {
    let begun = Timestamp(1_700_000_000_000)
    let sixHours = Span.seconds(6 * 3600)

    func record(_ name: String = "dns", epoch: UInt32 = 1, paused: Bool = false) -> IntentRecord {
        IntentRecord(
            name: IntentName(name), source: "", origin: "-", epoch: Epoch(epoch), epochMax: Epoch(epoch),
            epochSince: begun,
            paused: paused)
    }

    @Test("Without jitter the next edition comes after exactly one period")
    func exact() {
        #expect(RotationSchedule.next(record: record(), every: sixHours, jitter: .zero) == begun + sixHours)
        let early = begun + .milliseconds(sixHours.milliseconds - 1)
        #expect(!RotationSchedule.due(record: record(), every: sixHours, jitter: .zero, settled: true, now: early))
        #expect(
            RotationSchedule.due(record: record(), every: sixHours, jitter: .zero, settled: true, now: begun + sixHours)
        )
    }

    @Test("Jitter stays in its bounds, is the same when asked again, and spreads intents and editions")
    func jitter() throws {
        let jitter = Span.seconds(600)
        var times: Set<Timestamp> = []
        for epoch in UInt32(1)...50 {
            for name in ["dns", "web"] {
                let next = try #require(
                    RotationSchedule.next(record: record(name, epoch: epoch), every: sixHours, jitter: jitter))
                #expect(
                    next == RotationSchedule.next(record: record(name, epoch: epoch), every: sixHours, jitter: jitter))
                let off = next - (begun + sixHours)
                #expect(off >= .seconds(-600) && off <= jitter)
                times.insert(next)
            }
        }
        #expect(times.count > 95)
        #expect(times.contains { $0 < begun + sixHours } && times.contains { $0 > begun + sixHours })
    }

    @Test("However large the jitter, editions follow one another at half a period or later")
    func jitterIsCut() throws {
        for epoch in UInt32(1)...50 {
            let next = try #require(
                RotationSchedule.next(record: record(epoch: epoch), every: .seconds(10), jitter: .seconds(1000)))
            #expect(next - begun >= .seconds(5) && next - begun <= .seconds(15))
        }
    }

    @Test("A rotation under way, or a paused intent, is not rotated; an overdue one begins once it may")
    func holds() {
        let late = begun + .seconds(7 * 3600)
        #expect(!RotationSchedule.due(record: record(), every: sixHours, jitter: .zero, settled: false, now: late))
        #expect(
            !RotationSchedule.due(
                record: record(paused: true), every: sixHours, jitter: .zero, settled: true, now: late))
        #expect(RotationSchedule.due(record: record(), every: sixHours, jitter: .zero, settled: true, now: late))
    }

    @Test("No period means never")
    func never() {
        #expect(RotationSchedule.next(record: record(), every: .zero, jitter: .zero) == nil)
        #expect(
            !RotationSchedule.due(
                record: record(), every: .zero, jitter: .zero, settled: true, now: begun + .seconds(1_000_000_000)))
    }

    @Test("A clock that was set back by years does not stop the rotations for years")
    func clockSetBack() {
        let yearBack = begun + .seconds(-365 * 86_400)
        #expect(RotationSchedule.due(record: record(), every: sixHours, jitter: .zero, settled: true, now: yearBack))
        let minuteBack = begun + .seconds(-60)
        #expect(!RotationSchedule.due(record: record(), every: sixHours, jitter: .zero, settled: true, now: minuteBack))
    }
}
