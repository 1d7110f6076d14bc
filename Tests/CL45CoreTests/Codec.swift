import CL45Core
import Testing

/// A prepared codec at a fixed address, as the engine's lists of pointers want it.
final class Codec {
    let pointer: UnsafePointer<l45_codec>
    private let storage: UnsafeMutablePointer<l45_codec>

    init(_ dialect: l45_dialect) throws {
        storage = .allocate(capacity: 1)
        storage.initialize(to: l45_codec())
        pointer = UnsafePointer(storage)
        var dialect = dialect
        try #require(l45_codec_prepare(storage, &dialect) == 0)
    }

    /// The same codec with the identifications of another: the collision that chance brings once in 2^32.
    convenience init(_ codec: Codec, identifiedAs other: Codec) throws {
        try self.init(codec.pointer.pointee.dialect)
        storage.pointee.ident = other.pointer.pointee.ident
        storage.pointee.leave_ident = other.pointer.pointee.leave_ident
    }

    deinit { storage.deallocate() }

    var tagBytes: Int { Int(pointer.pointee.dialect.tag_bytes) }
    var frameBytes: Int { Int(pointer.pointee.dialect.frame_bytes) }
}

enum Place: CaseIterable {
    case front, offset, end

    var value: UInt8 {
        switch self {
        case .front: UInt8(L45_AT_FRONT.rawValue)
        case .offset: UInt8(L45_AT_OFFSET.rawValue)
        case .end: UInt8(L45_AT_END.rawValue)
        }
    }
}

/// Dialects with the secret 00 01 02 … 1f, or that plus `secret` in each byte.
extension l45_dialect {
    static func datagram(
        _ place: Place = .front, offset: UInt16 = 12, tagBytes: UInt8 = 32, label: String = "dns", epoch: UInt32 = 1,
        secret: UInt8 = 0
    ) -> l45_dialect {
        var dialect = l45_dialect()
        dialect.kind = UInt8(L45_DATAGRAM.rawValue)
        dialect.place = place.value
        dialect.offset = place == .offset ? offset : 0
        dialect.fill(tagBytes: tagBytes, label: label, epoch: epoch, secret: secret)
        return dialect
    }

    static func stream(
        frameBytes: UInt32 = 1000, tagBytes: UInt8 = 32, label: String = "web", epoch: UInt32 = 1, secret: UInt8 = 0
    ) -> l45_dialect {
        var dialect = l45_dialect()
        dialect.kind = UInt8(L45_STREAM.rawValue)
        dialect.frame_bytes = frameBytes
        dialect.fill(tagBytes: tagBytes, label: label, epoch: epoch, secret: secret)
        return dialect
    }

    private mutating func fill(tagBytes: UInt8, label text: String, epoch: UInt32, secret seed: UInt8) {
        tag_bytes = tagBytes
        self.epoch = epoch
        label_bytes = UInt8(text.utf8.count)
        withUnsafeMutableBytes(of: &label) { $0.copyBytes(from: text.utf8) }
        withUnsafeMutableBytes(of: &secret) { bytes in
            for index in bytes.indices { bytes[index] = UInt8(index) &+ seed }
        }
    }
}

/// Reproducible chance: SplitMix64 (Steele, Lea, Flood, 2014).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: next()) }
        return bytes
    }
}

extension [UInt8] {
    /// Reads `00ff10`.
    init(hex: String) {
        let digits = Array<Character>(hex)
        self = stride(from: 0, to: digits.count - 1, by: 2).compactMap { at in
            UInt8(String(digits[at...(at + 1)]), radix: 16)
        }
    }
}
