import L45Model

/// The checks that values from outside pass. Bounds keep later arithmetic from overflowing and later stores from
/// filling.
enum WireCheck {
    /// Generations and counters: far above any real one, far below where adding to it would trap.
    static let counterMax: UInt64 = 1 << 62
    /// The end of the year 9999.
    static let timestampMax: Int64 = 253_402_300_799_999
    /// 100 years.
    static let spanMax: Int64 = 3_200_000_000_000

    /// - Returns: `text` when it has `min` to `max` bytes and no control character.
    static func text(_ text: String, _ field: String, min: Int = 0, max: Int) throws(WireError) -> String {
        let bytes = text.utf8.count
        guard (min...max).contains(bytes) else {
            throw WireError(field, "\(bytes) bytes where \(min) to \(max) are allowed")
        }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw WireError(field, "it holds a control character")
        }
        return text
    }

    /// Text for people, such as a reason: cut to `max` bytes and cleaned of control characters, not refused.
    static func prose(_ text: String, max: Int) -> String {
        var out = String.UnicodeScalarView()
        var bytes = 0
        for scalar in text.unicodeScalars {
            let shown = scalar.value < 0x20 || scalar.value == 0x7f ? " " : scalar
            bytes += UTF8.width(shown)
            guard bytes <= max else { break }
            out.append(shown)
        }
        return String(out)
    }

    static func count(_ value: Int64, _ field: String, in range: ClosedRange<Int64>) throws(WireError) -> Int {
        guard range.contains(value), let count = Int(exactly: value) else {
            throw WireError(field, "\(value) where \(range.lowerBound) to \(range.upperBound) are allowed")
        }
        return count
    }

    static func counter(_ value: UInt64, _ field: String) throws(WireError) -> UInt64 {
        guard value <= counterMax else { throw WireError(field, "\(value) where at most \(counterMax) is allowed") }
        return value
    }

    static func generation(_ value: UInt64, _ field: String = "generation") throws(WireError) -> Generation {
        Generation(try counter(value, field))
    }

    static func timestamp(_ value: Int64, _ field: String) throws(WireError) -> Timestamp {
        Timestamp(Int64(try count(value, field, in: 0...timestampMax)))
    }

    static func span(_ value: Int64, _ field: String) throws(WireError) -> Span {
        .milliseconds(Int64(try count(value, field, in: 0...spanMax)))
    }

    static func list<Element>(_ list: [Element], _ field: String, max: Int) throws(WireError) -> [Element] {
        guard list.count <= max else { throw WireError(field, "\(list.count) entries where \(max) are allowed") }
        return list
    }

    static func dictionary(
        _ pairs: [String: String], _ field: String, max: Int, valueBytesMax: Int
    ) throws(WireError) -> [String: String] {
        guard pairs.count <= max else { throw WireError(field, "\(pairs.count) entries where \(max) are allowed") }
        for (key, value) in pairs {
            _ = try text(key, "\(field) key", min: 1, max: 253)
            _ = try text(value, "\(field)[\(key)]", max: valueBytesMax)
        }
        return pairs
    }

    static func device(_ text: String, _ field: String = "device") throws(WireError) -> DeviceID {
        let device = DeviceID(text)
        guard device.isWellFormed else { throw WireError(field, "a device id is 32 lowercase hex digits") }
        return device
    }

    static func digest(_ text: String, _ field: String) throws(WireError) -> Digest {
        guard text.utf8.count == 64, text == text.lowercased(), Hex.bytes(text) != nil else {
            throw WireError(field, "a digest is 64 lowercase hex digits")
        }
        return Digest(hex: text)
    }

    static func distinct(_ ids: some Sequence<UInt64>, _ field: String) throws(WireError) {
        var seen: Set<UInt64> = []
        for id in ids where !seen.insert(id).inserted {
            throw WireError(field, "module \(ModuleID(id)) stands in it twice")
        }
    }

    static func unknown(_ field: String, _ value: Int) -> WireError {
        WireError(field, value == 0 ? "it is missing" : "value \(value) is not known here; update this end")
    }
}
