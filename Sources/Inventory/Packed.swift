import Foundation

/// What is wrong with packed bytes.
enum PackedError: Error, Equatable {
    case short
    case value(String)
}

/// Puts numbers as LEB128 (signed ones zigzag) and texts as length and UTF-8.
struct PackedWriter {
    private var bytes: [UInt8] = []
    var data: Data { Data(bytes) }

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func unsigned(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func signed(_ value: Int64) { unsigned(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

    mutating func text(_ value: String) {
        unsigned(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    mutating func texts(_ values: [String]) {
        unsigned(UInt64(values.count))
        for value in values { text(value) }
    }
}

/// Reads what `PackedWriter` wrote.
struct PackedReader {
    private let bytes: [UInt8]
    private var at = 0

    init(_ data: Data) { bytes = Array(data) }

    var atEnd: Bool { at == bytes.count }

    mutating func byte() throws(PackedError) -> UInt8 {
        guard at < bytes.count else { throw .short }
        at += 1
        return bytes[at - 1]
    }

    mutating func unsigned() throws(PackedError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            let next = try byte()
            if shift == 63, next > 1 { break }
            value |= UInt64(next & 0x7f) << shift
            if next & 0x80 == 0 { return value }
        }
        throw .value("number")
    }

    mutating func signed() throws(PackedError) -> Int64 {
        let value = try unsigned()
        return Int64(bitPattern: value >> 1) ^ -Int64(value & 1)
    }

    /// A number of things that follow, each of one byte at least: never more than bytes are left.
    mutating func count() throws(PackedError) -> Int {
        let value = try unsigned()
        guard value <= UInt64(bytes.count - at) else { throw .short }
        return Int(value)
    }

    mutating func text() throws(PackedError) -> String {
        let length = try count()
        defer { at += length }
        return String(decoding: bytes[at..<at + length], as: UTF8.self)
    }

    mutating func texts() throws(PackedError) -> [String] {
        var values: [String] = []
        for _ in 0..<(try count()) { values.append(try text()) }
        return values
    }
}
