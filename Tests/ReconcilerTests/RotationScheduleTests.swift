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
        #expect(RotationSchedule.next(record: record(), timing: .every(sixHours), jitter: .zero) == begun + sixHours)
        let early = begun + .milliseconds(sixHours.milliseconds - 1)
        #expect(
            !RotationSchedule.due(record: record(), timing: .every(sixHours), jitter: .zero, settled: true, now: early))
        #expect(
            RotationSchedule.due(
                record: record(), timing: .every(sixHours), jitter: .zero, settled: true, now: begun + sixHours)
        )
    }

    @Test("Jitter stays in its bounds, is the same when asked again, and spreads intents and editions")
    func jitter() throws {
        let jitter = Span.seconds(600)
        var times: Set<Timestamp> = []
        for epoch in UInt32(1)...50 {
            for name in ["dns", "web"] {
                let next = try #require(
                    RotationSchedule.next(record: record(name, epoch: epoch), timing: .every(sixHours), jitter: jitter))
                #expect(
                    next
                        == RotationSchedule.next(
                            record: record(name, epoch: epoch), timing: .every(sixHours), jitter: jitter))
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
                RotationSchedule.next(
                    record: record(epoch: epoch), timing: .every(.seconds(10)), jitter: .seconds(1000)))
            #expect(next - begun >= .seconds(5) && next - begun <= .seconds(15))
        }
    }

    @Test("A rotation under way, or a paused intent, is not rotated; an overdue one begins once it may")
    func holds() {
        let late = begun + .seconds(7 * 3600)
        #expect(
            !RotationSchedule.due(record: record(), timing: .every(sixHours), jitter: .zero, settled: false, now: late))
        #expect(
            !RotationSchedule.due(
                record: record(paused: true), timing: .every(sixHours), jitter: .zero, settled: true, now: late))
        #expect(
            RotationSchedule.due(record: record(), timing: .every(sixHours), jitter: .zero, settled: true, now: late))
    }

    @Test("No period means never")
    func never() {
        #expect(RotationSchedule.next(record: record(), timing: .every(.zero), jitter: .zero) == nil)
        #expect(
            !RotationSchedule.due(
                record: record(), timing: .every(.zero), jitter: .zero, settled: true,
                now: begun + .seconds(1_000_000_000)))
    }

    @Test("A clock that was set back by years does not stop the rotations for years")
    func clockSetBack() {
        let yearBack = begun + .seconds(-365 * 86_400)
        #expect(
            RotationSchedule.due(
                record: record(), timing: .every(sixHours), jitter: .zero, settled: true, now: yearBack))
        let minuteBack = begun + .seconds(-60)
        #expect(
            !RotationSchedule.due(
                record: record(), timing: .every(sixHours), jitter: .zero, settled: true, now: minuteBack))
    }
}

/// By the calendar, after an outage, and by the thousand.
@Suite("A schedule")
struct ScheduleStories {
    /// 2026-03-01 00:00:00 UTC, a Sunday.
    let sunday = Timestamp(1_772_323_200_000)
    func hours(_ count: Int64) -> Span { .seconds(count * 3600) }

    func record(_ name: String = "dns", epoch: UInt32 = 1, since: Timestamp) -> IntentRecord {
        IntentRecord(
            name: IntentName(name), source: "", origin: "-", epoch: Epoch(epoch), epochMax: Epoch(epoch),
            epochSince: since)
    }

    @Test(
        "A calendar's next time",
        arguments: [
            ("0 3 * * *", "2026-03-01T03:00:00Z"), ("*/15 * * * *", "2026-03-01T00:15:00Z"),
            ("30 4 * * mon-fri", "2026-03-02T04:30:00Z"), ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
            ("0 12 13 * 5", "2026-03-06T12:00:00Z"), ("0 0 1 1 *", "2027-01-01T00:00:00Z"),
            ("59 23 31 dec *", "2026-12-31T23:59:00Z"), ("5,10 1-2 * * 7", "2026-03-01T01:05:00Z"),
        ])
    func calendar(text: String, next: String) throws {
        let schedule = try CronSchedule(text)
        #expect(schedule.next(after: sunday)?.rfc3339 == next)
    }

    @Test("A calendar walks every minute of its day, and none twice")
    func everyMinute() throws {
        let schedule = try CronSchedule("*/7 8-9 * * *")
        var times: [Timestamp] = []
        var time = sunday
        while times.count < 36 {
            time = try #require(schedule.next(after: time))
            times.append(time)
        }
        #expect(Set(times).count == 36 && times == times.sorted())
        // 0, 7 ... 56 of two hours: 18 a day.
        #expect(times[18] - times[0] == hours(24))
        #expect(schedule.shortestGap == .seconds(4 * 60))
    }

    @Test(
        "What is no calendar is refused with its field and the way out",
        arguments: [
            ("0 3 * *", "a schedule has 5 fields, MINUTE HOUR DAY MONTH WEEKDAY; '0 3 * *' has 4"),
            ("61 3 * * *", "'61' is no minute of a schedule"), ("0 24 * * *", "'24' is no hour of a schedule"),
            ("0 3 * * mo", "'mo' is no weekday of a schedule"), ("0 3 5-2 * *", "'5-2' is no day of a schedule"),
            ("*/0 3 * * *", "'*/0' is no minute of a schedule"), ("0 3 , * *", "'' is no day of a schedule"),
            ("0 0 30 2 *", "'0 0 30 2 *' never comes: no such day is in such a month"),
            ("-5 3 * * *", "'-5' is no minute of a schedule"),
        ])
    func refused(text: String, message: String) {
        #expect(throws: CronSchedule.Fault.self) { try CronSchedule(text) }
        do throws(CronSchedule.Fault) {
            _ = try CronSchedule(text)
        } catch {
            #expect(error.message == message)
            #expect(!error.hint.isEmpty)
        }
    }

    @Test("However many windows an outage swallowed, one rotation makes up for them", arguments: ["every", "cron"])
    func missed(kind: String) throws {
        let timing: RotationTiming = kind == "every" ? .every(hours(6)) : .cron(try CronSchedule("0 */6 * * *"))
        var record = record(since: sunday)
        // Five days away: twenty windows. Back, the clock is looked at every minute for a day.
        var began: [Timestamp] = []
        for minute in 0..<(24 * 60) {
            let now = sunday + hours(5 * 24 + 1) + .seconds(Int64(minute) * 60)
            guard RotationSchedule.due(record: record, timing: timing, jitter: .zero, settled: true, now: now) else {
                continue
            }
            began.append(now)
            record.epoch = record.epoch.next
            record.epochMax = record.epoch
            record.epochSince = now
        }
        #expect(began.first == sunday + hours(5 * 24 + 1))
        // One at once, then one for each window of the day that follows.
        #expect(began.count == (kind == "every" ? 4 : 5))
        if kind == "cron" { #expect(began[1] == sunday + hours(5 * 24 + 6)) }
    }

    @Test("By the calendar, jitter puts off and never ahead, and no window is skipped for it")
    func calendarJitter() throws {
        let timing = RotationTiming.cron(try CronSchedule("0 3 * * *"))
        var record = record(since: sunday)
        var offsets: Set<Int64> = []
        for day in 0..<60 {
            let next = try #require(RotationSchedule.next(record: record, timing: timing, jitter: .seconds(1800)))
            let off = next - (sunday + hours(Int64(day) * 24 + 3))
            #expect(off >= .zero && off <= .seconds(1800))
            offsets.insert(off.milliseconds)
            record.epoch = record.epoch.next
            record.epochSince = next
        }
        #expect(offsets.count > 55)
    }

    @Test("Thousands of intents due at one minute begin by turns, the longest overdue first, and each of them once")
    func noHerd() throws {
        let timing = RotationTiming.cron(try CronSchedule("0 3 * * *"))
        var records: [IntentName: IntentRecord] = [:]
        for number in 0..<5000 {
            // One in ten has missed yesterday's window too.
            let record = record("i\(number)", since: sunday + (number % 10 == 0 ? .zero : hours(4)))
            records[record.name] = record
        }
        var now = sunday + hours(27)
        var underWay: [(name: IntentName, until: Timestamp)] = []
        var begun: [IntentName] = []
        var most = 0
        for _ in 0..<2000 where begun.count < 5000 {
            underWay.removeAll { $0.until <= now }
            let busy = Set(underWay.map(\.name))
            let names = RotationSchedule.toBegin(
                records.values.map { RotationSchedule.Candidate($0, timing: timing, jitter: .zero) },
                underWay: underWay.count, most: 256, isSettled: { !busy.contains($0) }, now: now)
            for name in names {
                records[name]?.epochSince = now
                underWay.append((name, now + .seconds(130)))
            }
            begun += names
            most = max(most, underWay.count)
            now = now + .seconds(10)
        }
        #expect(begun.count == 5000 && Set(begun).count == 5000)
        #expect(most == 256)
        let overdue = Set(begun.prefix(500).map(\.rawValue))
        #expect(overdue.allSatisfy { $0.hasSuffix("0") })
        // 20 turns of 130 s.
        #expect(now - (sunday + hours(27)) < .seconds(20 * 140))
    }

    @Test("Devices whose clocks are wrong by years rotate in the same steps as those whose clocks are right")
    func wrongClocks() {
        func ticks(_ off: [Int64]) -> Int {
            let (fleet, flow) = RotationStories.lab()
            for (id, off) in zip(fleet.ids, off) { fleet.devices[id]?.clockOff = off }
            fleet.controlDelayMax = 1
            fleet.store.strategies[flow.intent] = RolloutStrategy(waves: [.count(1)], soak: .seconds(10))
            fleet.want([flow])
            #expect(fleet.settles(within: 300), "\(fleet.violations)")
            let began = fleet.tick
            fleet.want([flow.edition(2)])
            #expect(fleet.run(until: { fleet.settled }, within: 300), "\(fleet.violations)")
            return fleet.tick - began
        }
        let year: Int64 = 365 * 86_400_000
        let right = ticks([0, 0, 0])
        #expect(ticks([-3 * year, 5 * year, 0]) == right)
        #expect(ticks([year, year, -year]) == right)
    }
}
