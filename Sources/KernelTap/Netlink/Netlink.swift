/// What netlink messages have in common.
package enum Netlink {
    /// NLMSG_ALIGN, NLA_ALIGN: everything begins at a multiple of 4.
    static func aligned(_ bytes: Int) -> Int { (bytes + 3) & ~3 }
}

/// A message from the kernel that does not hold what its own lengths say. Never a trap: the bytes come from outside.
package struct NetlinkMalformed: Error, Hashable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

/// A number in host order, from anywhere in a buffer.
struct HostNumber<Number: FixedWidthInteger> {
    let value: Number

    /// - Returns: nil unless there are exactly as many bytes as the number has.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count == MemoryLayout<Number>.size else { return nil }
        var value = Number.zero
        withUnsafeMutableBytes(of: &value) { $0.copyBytes(from: bytes) }
        self.value = value
    }
}
