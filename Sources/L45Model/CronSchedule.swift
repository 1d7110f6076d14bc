/// Minutes of the calendar at which something is to happen: `MINUTE HOUR DAY MONTH WEEKDAY`, as in crontab(5), in UTC, so
/// that no hour comes twice or not at all.
///
/// Each field is `*`, a number, a range `1-5`, either of them by steps `*/15`, or a list of these. Months and weekdays
/// have names too; Sunday is 0 and 7. Where day and weekday are both given, either one will do.
package struct CronSchedule: Hashable, Codable, Sendable, CustomStringConvertible {
    /// As it was written.
    package let description: String
    private let minutes: UInt64
    private let hours: UInt64
    private let days: UInt64
    private let months: UInt64
    private let weekdays: UInt64
    private let anyDay: Bool
    private let anyWeekday: Bool

    /// Why a text is no schedule.
    package struct Fault: Error, Hashable, Sendable {
        package var message: String
        package var hint: String
    }

    /// From one 29 February to the next across a century that has none, in days.
    private static let daysAhead = 8 * 366 + 1

    package init(_ text: String) throws(Fault) {
        let fields = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard fields.count == 5 else {
            throw Fault(
                message: "a schedule has 5 fields, MINUTE HOUR DAY MONTH WEEKDAY; '\(text)' has \(fields.count)",
                hint: "each day at three: \"0 3 * * *\"")
        }
        description = fields.joined(separator: " ")
        minutes = try Self.field(fields[0], "minute", 0...59, [])
        hours = try Self.field(fields[1], "hour", 0...23, [])
        days = try Self.field(fields[2], "day", 1...31, [])
        months = try Self.field(
            fields[3], "month", 1...12,
            ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
        var weekdays = try Self.field(
            fields[4], "weekday", 0...7, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])
        if weekdays & (1 << 7) != 0 { weekdays |= 1 }
        self.weekdays = weekdays
        anyDay = fields[2].hasPrefix("*")
        anyWeekday = fields[4].hasPrefix("*")
        guard next(after: .never) != nil else {
            throw Fault(message: "'\(description)' never comes: no such day is in such a month", hint: "change the day")
        }
    }

    /// The first minute after `time`; nil: none.
    package func next(after time: Timestamp) -> Timestamp? {
        let first = Self.floored(time.rawValue, 60_000) + 1
        let today = Self.floored(first, 1440)
        for day in today...(today + Int64(Self.daysAhead)) where matches(day) {
            let from = day == today ? Int(first - day * 1440) : 0
            for hour in (from / 60)..<24 where hours & (1 << hour) != 0 {
                let begin = hour == from / 60 ? from % 60 : 0
                guard let minute = (begin..<60).first(where: { minutes & (1 << $0) != 0 }) else { continue }
                return Timestamp((day * 1440 + Int64(hour * 60 + minute)) * 60_000)
            }
        }
        return nil
    }

    /// The least time from one to the next, of the 1,500 that follow the year 2000 began.
    package var shortestGap: Span {
        var time = Timestamp(946_684_800_000)
        guard let begin = next(after: time) else { return .zero }
        time = begin
        var gap = Span.seconds(Int64(Self.daysAhead) * 86_400)
        for _ in 0..<1500 {
            guard gap > .seconds(60), let following = next(after: time) else { break }
            gap = min(gap, following - time)
            time = following
        }
        return gap
    }

    private func matches(_ day: Int64) -> Bool {
        let (month, dayOfMonth) = Self.date(day)
        guard months & (1 << month) != 0 else { return false }
        // 1970-01-01 was a Thursday.
        let weekday = Int((day % 7 + 11) % 7)
        let dayFits = days & (1 << dayOfMonth) != 0
        let weekdayFits = weekdays & (1 << weekday) != 0
        return anyDay || anyWeekday ? dayFits && weekdayFits : dayFits || weekdayFits
    }

    // MARK: Fields

    private static func field(
        _ text: String, _ what: String, _ range: ClosedRange<Int>, _ names: [String]
    ) throws(Fault) -> UInt64 {
        var bits: UInt64 = 0
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            var step = 1
            if halves.count > 1 {
                guard halves.count == 2, let given = Int(halves[1]), (1...59).contains(given) else {
                    throw fault(String(part), what, range)
                }
                step = given
            }
            let span: ClosedRange<Int>
            if halves.first == "*" {
                span = range
            } else {
                let ends = (halves.first ?? "").split(separator: "-", omittingEmptySubsequences: false)
                    .map { value(String($0), names) }
                guard let low = ends.first ?? nil, let high = ends.last ?? nil, ends.count <= 2, low <= high,
                    range.contains(low), range.contains(high), ends.count == 2 || step == 1
                else { throw fault(String(part), what, range) }
                span = low...high
            }
            for number in stride(from: span.lowerBound, through: span.upperBound, by: step) { bits |= 1 << number }
        }
        return bits
    }

    private static func value(_ text: String, _ names: [String]) -> Int? {
        if !text.isEmpty, text.utf8.count <= 2, text.utf8.allSatisfy({ (48...57).contains($0) }) { return Int(text) }
        return text.isEmpty ? nil : names.firstIndex(of: text.lowercased())
    }

    private static func fault(_ part: String, _ what: String, _ range: ClosedRange<Int>) -> Fault {
        Fault(
            message: "'\(part)' is no \(what) of a schedule",
            hint: "\(range.lowerBound) to \(range.upperBound), a range '2-4', steps '*/2', a list '1,3', or '*'")
    }

    // MARK: Days

    private static func floored(_ value: Int64, _ unit: Int64) -> Int64 {
        value >= 0 ? value / unit : (value + 1) / unit - 1
    }

    /// Month and day of a day since 1970-01-01, in the Gregorian calendar: years are counted from March, so that the day
    /// that comes and goes is the last of its year.
    private static func date(_ day: Int64) -> (month: Int, day: Int) {
        let shifted = day + 719_468
        let era = floored(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        return (Int(month < 10 ? month + 3 : month - 9), Int(dayOfYear - (153 * month + 2) / 5 + 1))
    }
}

/// When a moving target moves.
package enum RotationTiming: Hashable, Codable, Sendable, CustomStringConvertible {
    /// So long after the edition before began.
    case every(Span)
    case cron(CronSchedule)

    package var description: String {
        switch self {
        case .every(let span): "every \(span)"
        case .cron(let schedule): "at \"\(schedule)\" UTC"
        }
    }

    /// The least time between two rotations, jitter aside.
    package var shortestGap: Span {
        switch self {
        case .every(let span): span
        case .cron(let schedule): schedule.shortestGap
        }
    }
}
