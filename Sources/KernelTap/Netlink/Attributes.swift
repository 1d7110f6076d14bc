import CNetlink

/// The attributes of a netlink message as they are read. What is not asked for is passed over, as it may be newer than we
/// are. Pure; malformed bytes are an error, never a trap.
package struct Attributes {
    private var payloads: [(type: UInt16, payload: ArraySlice<UInt8>)] = []

    /// - Throws: `NetlinkMalformed` when an attribute claims more bytes than there are, or fewer than its own header.
    package init(_ bytes: ArraySlice<UInt8>) throws(NetlinkMalformed) {
        var rest = bytes
        while !rest.isEmpty {
            guard rest.count >= AttributeWriter.headerBytes,
                let length = HostNumber<UInt16>(rest.prefix(2))?.value,
                let type = HostNumber<UInt16>(rest.dropFirst(2).prefix(2))?.value
            else { throw NetlinkMalformed("\(rest.count) bytes are left where an attribute of 4 or more should begin") }
            guard Int(length) >= AttributeWriter.headerBytes, Int(length) <= rest.count else {
                throw NetlinkMalformed(
                    "attribute \(type & Self.typeMask) says it has \(length) bytes, \(rest.count) are there")
            }
            let payload = rest.dropFirst(AttributeWriter.headerBytes).prefix(
                Int(length) - AttributeWriter.headerBytes)
            payloads.append((type & Self.typeMask, payload))
            rest = rest.dropFirst(Netlink.aligned(Int(length)))
        }
    }

    private static let typeMask = ~(UInt16(NLA_F_NESTED) | UInt16(NLA_F_NET_BYTEORDER))

    /// - Returns: nil when it is not there.
    package func payload(_ attribute: some RawRepresentable<UInt32>) -> ArraySlice<UInt8>? {
        payloads.last { UInt32($0.type) == attribute.rawValue }?.payload
    }

    /// - Returns: nil when it is not there.
    /// - Throws: `NetlinkMalformed` when it is of another width.
    package func number<Number: FixedWidthInteger>(
        _ attribute: some RawRepresentable<UInt32>, as type: Number.Type = Number.self
    ) throws(NetlinkMalformed) -> Number? {
        guard let payload = payload(attribute) else { return nil }
        guard let number = HostNumber<Number>(payload) else {
            throw NetlinkMalformed(
                "attribute \(attribute.rawValue) has \(payload.count) bytes, a number of "
                    + "\(MemoryLayout<Number>.size) was expected")
        }
        return number.value
    }

    /// A number that the kernel's answer can not do without.
    package func required<Number: FixedWidthInteger>(
        _ attribute: some RawRepresentable<UInt32>, _ name: String, as type: Number.Type = Number.self
    ) throws(NetlinkMalformed) -> Number {
        guard let number = try number(attribute, as: type) else {
            throw NetlinkMalformed("\(name) is missing (attribute \(attribute.rawValue))")
        }
        return number
    }

    /// Up to the first zero byte; what is no UTF-8 is replaced.
    /// - Returns: nil when it is not there.
    package func text(_ attribute: some RawRepresentable<UInt32>) -> String? {
        payload(attribute).map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// - Returns: nil when it is not there.
    package func nest(_ attribute: some RawRepresentable<UInt32>) throws(NetlinkMalformed) -> Attributes? {
        guard let payload = payload(attribute) else { return nil }
        return try Attributes(payload)
    }
}
