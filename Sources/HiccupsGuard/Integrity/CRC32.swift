/// CRC-32 as IEEE 802.3 has it: reflected, polynomial 0xedb88320, all ones in and out.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { start in
        (0..<8).reduce(UInt32(start)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
    }

    static func hash(_ bytes: Span<UInt8>) -> UInt32 {
        let table = table.span
        var value = UInt32.max
        for at in bytes.indices {
            value = value >> 8 ^ table[Int(UInt8(truncatingIfNeeded: value) ^ bytes[at])]
        }
        return ~value
    }
}
