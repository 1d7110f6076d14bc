import Crypto
package import Foundation

/// SHA-256 of a value's canonical bytes: equal digests mean equal content.
package struct Digest: Hashable, Codable, Sendable, CustomStringConvertible {
    /// 64 lowercase hex digits.
    package let hex: String

    package init(hex: String) { self.hex = hex }

    package init(of bytes: some DataProtocol) {
        hex = Hex.string(SHA256.hash(data: bytes))
    }

    /// The digest of `value` as canonical JSON.
    package init(ofValue value: some Encodable) throws {
        self.init(of: try CanonicalJSON.encode(value))
    }

    package init(from decoder: any Decoder) throws { hex = try decoder.singleValueContainer().decode(String.self) }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }

    package var description: String { hex }
    /// The first 12 digits, for people.
    package var short: String { String(hex.prefix(12)) }
}

/// JSON with sorted keys and no white space: the same value gives the same bytes.
package enum CanonicalJSON {
    package static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    package static func decode<Value: Decodable>(_ type: Value.Type, from data: some DataProtocol) throws -> Value {
        try JSONDecoder().decode(type, from: Data(data))
    }
}

/// Hex text, lowercase.
package enum Hex {
    package static func string(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var out: [UInt8] = []
        for byte in bytes {
            out.append(digits[Int(byte >> 4)])
            out.append(digits[Int(byte & 15)])
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// - Returns: nil unless `text` is an even number of hex digits.
    package static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var out: [UInt8] = []
        for at in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[at]), let low = value(digits[at + 1]) else { return nil }
            out.append(high << 4 | low)
        }
        return out
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// Bytes that must not be printed: a key. Its description never shows them, and their memory is overwritten when the last copy
/// of it goes.
package struct Secret: Hashable, Codable, Sendable, CustomStringConvertible {
    package let storage: SecretBytes
    package init(_ bytes: [UInt8]) { storage = SecretBytes(bytes) }
    package init(_ storage: SecretBytes) { self.storage = storage }
    /// A copy, which is not overwritten.
    package var bytes: [UInt8] { storage.withBytes { Array($0) } }
    package var description: String { "secret (\(storage.count) bytes)" }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let bytes = Hex.bytes(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a secret is hex digits")
        }
        self.init(bytes)
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Hex.string(bytes))
    }
}
