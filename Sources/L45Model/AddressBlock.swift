import Foundation

/// An IPv4 or IPv6 address with a prefix length, in the 16-byte form (IPv4 as `::ffff:a.b.c.d`), so that a v4-mapped
/// socket matches as the IPv4 one does.
package struct AddressBlock: Hashable, Codable, Sendable, CustomStringConvertible {
    /// 16 bytes, network order; bits past the prefix are zero.
    package let bytes: [UInt8]
    /// 0 to 128, counted in the 16-byte form: an IPv4 /24 is 120 here.
    package let prefixBits: Int

    package var isIPv4: Bool { prefixBits >= 96 && bytes.prefix(12) == Self.mappedPrefix[...] }

    private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

    /// Reads `10.0.0.0/8`, `192.0.2.1`, `2001:db8::/32`.
    /// - Returns: nil when the address or the prefix length is none, or bits are set past the prefix.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 1 || parts.count == 2 else { return nil }
        var v4 = in_addr()
        var v6 = in6_addr()
        var bytes: [UInt8]
        let width: Int
        if inet_pton(AF_INET, String(parts[0]), &v4) == 1 {
            bytes = Self.mappedPrefix + withUnsafeBytes(of: v4) { Array($0) }
            width = 32
        } else if inet_pton(AF_INET6, String(parts[0]), &v6) == 1 {
            bytes = withUnsafeBytes(of: v6) { Array($0) }
            width = 128
        } else {
            return nil
        }
        var prefix = width
        if parts.count == 2 {
            guard let given = Int(parts[1]), (0...width).contains(given), parts[1].allSatisfy(\.isNumber) else {
                return nil
            }
            prefix = given
        }
        prefix += 128 - width
        for bit in prefix..<128 where bytes[bit / 8] & (0x80 >> UInt8(bit % 8)) != 0 { return nil }
        self.bytes = bytes
        prefixBits = prefix
    }

    /// Whether `other` lies wholly inside.
    package func contains(_ other: AddressBlock) -> Bool {
        guard prefixBits <= other.prefixBits else { return false }
        return (0..<prefixBits).allSatisfy { bit in
            (bytes[bit / 8] ^ other.bytes[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
        }
    }

    package func overlaps(_ other: AddressBlock) -> Bool { contains(other) || other.contains(self) }

    package var description: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let v4 = isIPv4
        let text = bytes.dropFirst(v4 ? 12 : 0).withUnsafeBytes { raw -> String in
            guard inet_ntop(v4 ? AF_INET : AF_INET6, raw.baseAddress, &buffer, socklen_t(buffer.count)) != nil else {
                return "?"
            }
            return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        if prefixBits == 128 { return text }
        return "\(text)/\(v4 ? prefixBits - 96 : prefixBits)"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let block = AddressBlock(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is no address block")
        }
        self = block
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
