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

    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    package var description: String {
        Date(timeIntervalSince1970: Double(timestamp.rawValue) / 1000).formatted(Self.style)
    }

    package static func < (a: APITime, b: APITime) -> Bool { a.timestamp < b.timestamp }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let date = try? Self.style.parse(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is no time such as 2026-11-21T03:00:14.123Z")
        }
        timestamp = Timestamp(Int64((date.timeIntervalSince1970 * 1000).rounded()))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
