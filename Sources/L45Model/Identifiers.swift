import Foundation

/// A name that stands for one thing in the fleet and cannot be mixed up with another kind of name.
package protocol Identifier: Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
    associatedtype Raw: Hashable & Comparable & Codable & Sendable & LosslessStringConvertible
    var rawValue: Raw { get }
    init(_ rawValue: Raw)
}

extension Identifier {
    package var description: String { String(describing: rawValue) }
    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(Raw.self))
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// A device, by its key: the lowercase hex SHA-256 of its public key (DER SubjectPublicKeyInfo), cut to 32 digits.
///
/// Never an address or a host name: those move, and two machines may claim the same one.
package struct DeviceID: Identifier {
    package let rawValue: String
    package init(_ rawValue: String) { self.rawValue = rawValue }
}

/// An intent's name, as its author wrote it: 1 to 63 of `a-z 0-9 -`, unique in the fleet.
package struct IntentName: Identifier {
    package let rawValue: String
    package init(_ rawValue: String) { self.rawValue = rawValue }
}

/// Orders the versions of one thing. Grows by one at each change and never falls.
package struct Generation: Identifier {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    package static let none = Generation(0)
    package var next: Generation { Generation(rawValue + 1) }
}

/// Which edition of a dialect is meant: 1 for the first, one more at each rotation.
package struct Epoch: Identifier {
    package let rawValue: UInt32
    package init(_ rawValue: UInt32) { self.rawValue = rawValue }
    package static let first = Epoch(1)
    package var next: Epoch { Epoch(rawValue + 1) }
}

/// `mod_id` of the seed (Table 2.1): one customization module on one device, unique in the fleet and never used again.
///
/// Derived from intent, epoch, flow, role and device, so a restart or a restore can not hand the same number out twice.
/// Shown as 16 hex digits, in JSON too, since JSON numbers lose the low bits above 2^53.
package struct ModuleID: Hashable, Comparable, Sendable, CustomStringConvertible, Codable {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// - Returns: nil when `text` is not 16 hex digits.
    package init?(_ text: String) {
        guard text.utf8.count == 16, let value = UInt64(text, radix: 16) else { return nil }
        rawValue = value
    }

    package var description: String {
        let digits = String(rawValue, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    package static func < (a: ModuleID, b: ModuleID) -> Bool { a.rawValue < b.rawValue }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = ModuleID(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a module id is 16 hex digits, not '\(text)'")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Wall-clock time, milliseconds since 1970-01-01 UTC. Decisions receive it; they never ask for it.
package struct Timestamp: Identifier {
    package let rawValue: Int64
    package init(_ rawValue: Int64) { self.rawValue = rawValue }
    package static let never = Timestamp(0)

    package static func + (time: Timestamp, span: Span) -> Timestamp {
        Timestamp(time.rawValue + span.milliseconds)
    }
    package static func - (a: Timestamp, b: Timestamp) -> Span { Span(milliseconds: a.rawValue - b.rawValue) }

    /// The time now, for shells only.
    package static func now() -> Timestamp { Timestamp(Int64(Date().timeIntervalSince1970 * 1000)) }

    /// RFC 3339 in UTC, to the second.
    package var rfc3339: String {
        Date(timeIntervalSince1970: Double(rawValue) / 1000).formatted(.iso8601)
    }
}

/// A length of time in milliseconds.
package struct Span: Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
    package let milliseconds: Int64
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }
    package static func milliseconds(_ count: Int64) -> Span { Span(milliseconds: count) }
    package static func seconds(_ count: Int64) -> Span { Span(milliseconds: count * 1000) }
    package static let zero = Span(milliseconds: 0)
    package static func < (a: Span, b: Span) -> Bool { a.milliseconds < b.milliseconds }
    package init(from decoder: any Decoder) throws {
        self.init(milliseconds: try decoder.singleValueContainer().decode(Int64.self))
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }

    /// As operators write it: the largest unit that loses nothing, `6h`, `90s`, `250ms`.
    package var description: String {
        let units: [(Int64, String)] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")]
        for (size, suffix) in units where milliseconds != 0 && milliseconds % size == 0 {
            return "\(milliseconds / size)\(suffix)"
        }
        return milliseconds == 0 ? "0s" : "\(milliseconds)ms"
    }

    /// Reads `250ms`, `90s`, `5m`, `6h`, `1d`.
    /// - Returns: nil for anything else, a sign, or a value past 100 years.
    package init?(_ text: some StringProtocol) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int64(digits), count <= 3_200_000_000_000 else { return nil }
        let size: Int64
        switch text.dropFirst(digits.count) {
        case "ms": size = 1
        case "s": size = 1000
        case "m": size = 60_000
        case "h": size = 3_600_000
        case "d": size = 86_400_000
        default: return nil
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: size)
        guard !overflow, product <= 3_200_000_000_000 else { return nil }
        milliseconds = product
    }
}
