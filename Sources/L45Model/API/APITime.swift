import Foundation

/// A wall-clock time in the API's JSON: RFC 3339 in UTC to the millisecond, `2026-11-21T03:00:14.123Z`.
package struct APITime: Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
    package let timestamp: Timestamp

    package init(_ timestamp: Timestamp) { self.timestamp = timestamp }

    /// - Returns: nil for `Timestamp.never`, and for nil: what has not happened has no time.
    package init?(known timestamp: Timestamp?) {
        guard let timestamp, timestamp != .never else { return nil }
        self.timestamp = timestamp
    }

    package var description: String {
        // Foundation's own fractions come by way of a Double and lose a millisecond here and there.
        let seconds = Int64((Double(timestamp.rawValue) / 1000).rounded(.down))
        let text = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601).dropLast()
        let fraction = String(timestamp.rawValue - seconds * 1000)
        return "\(text).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)Z"
    }

    /// Reads what `description` writes; the fraction may be left out.
    package init?(_ text: String) {
        let parts = text.dropLast().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard text.hasSuffix("Z"), let whole = parts.first, let date = try? Date("\(whole)Z", strategy: .iso8601) else {
            return nil
        }
        var milliseconds: Int64 = 0
        if parts.count == 2 {
            guard parts[1].count == 3, parts[1].allSatisfy(\.isNumber), let given = Int64(parts[1]) else { return nil }
            milliseconds = given
        }
        timestamp = Timestamp(Int64(date.timeIntervalSince1970) * 1000 + milliseconds)
    }

    package static func < (a: APITime, b: APITime) -> Bool { a.timestamp < b.timestamp }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let time = APITime(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is no time such as 2026-11-21T03:00:14.123Z")
        }
        self = time
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
