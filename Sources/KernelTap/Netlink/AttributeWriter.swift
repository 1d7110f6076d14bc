import CNetlink

/// The attributes of a netlink message as they are put together: `[bytes u16][type u16][payload][padding to 4]` each, in
/// host order. Pure.
package struct AttributeWriter {
    package private(set) var bytes: [UInt8] = []

    /// What an attribute can hold: its length, of 16 bits, counts its 4 bytes of header.
    package static let payloadBytesMax = Int(UInt16.max) - headerBytes
    static let headerBytes = 4

    package init() {}

    package mutating func put<Number: FixedWidthInteger>(_ attribute: some RawRepresentable<UInt32>, _ number: Number) {
        put(type: UInt16(truncatingIfNeeded: attribute.rawValue), withUnsafeBytes(of: number) { Array($0) })
    }

    package mutating func put(_ attribute: some RawRepresentable<UInt32>, bytes: [UInt8]) {
        put(type: UInt16(truncatingIfNeeded: attribute.rawValue), bytes)
    }

    /// With the zero byte that ends it.
    package mutating func put(_ attribute: some RawRepresentable<UInt32>, text: String) {
        put(type: UInt16(truncatingIfNeeded: attribute.rawValue), Array(text.utf8) + [0])
    }

    /// An attribute that holds attributes.
    package mutating func nest(
        _ attribute: some RawRepresentable<UInt32>, _ fill: (inout AttributeWriter) -> Void
    ) {
        var inside = AttributeWriter()
        fill(&inside)
        put(type: UInt16(truncatingIfNeeded: attribute.rawValue) | UInt16(NLA_F_NESTED), inside.bytes)
    }

    /// - Precondition: at most `payloadBytesMax` bytes; callers have refused more, with the numbers.
    private mutating func put(type: UInt16, _ payload: [UInt8]) {
        precondition(payload.count <= Self.payloadBytesMax, "an attribute of \(payload.count) bytes")
        let count = UInt16(Self.headerBytes + payload.count)
        withUnsafeBytes(of: count) { bytes += Array($0) }
        withUnsafeBytes(of: type) { bytes += Array($0) }
        bytes += payload
        bytes += [UInt8](repeating: 0, count: Netlink.aligned(payload.count) - payload.count)
    }
}
