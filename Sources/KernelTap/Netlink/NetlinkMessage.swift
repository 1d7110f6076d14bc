import CNetlink

/// One netlink message: `[bytes u32][type u16][flags u16][sequence u32][port u32]`, then the body. Pure.
package struct NetlinkMessage: Hashable, Sendable {
    package var type: UInt16
    package var flags: UInt16
    package var sequence: UInt32
    /// Of the socket that is spoken to; the kernel fills in 0.
    package var port: UInt32
    package var body: ArraySlice<UInt8>

    static let headerBytes = 16
    static let genericHeaderBytes = 4

    package init(type: UInt16, flags: UInt16, sequence: UInt32, port: UInt32 = 0, body: ArraySlice<UInt8>) {
        self.type = type
        self.flags = flags
        self.sequence = sequence
        self.port = port
        self.body = body
    }

    /// A request of a generic family: `[command u8][version u8][0 u16]`, then attributes.
    package init(family: UInt16, flags: Int32, sequence: UInt32, request: TapRequest, version: UInt8) {
        self.init(
            type: family, flags: UInt16(truncatingIfNeeded: flags), sequence: sequence,
            body: ([request.command, version, 0, 0] + request.attributes)[...])
    }

    /// The messages of one datagram.
    /// - Throws: `NetlinkMalformed` when a length does not fit.
    package static func all(in datagram: [UInt8]) throws(NetlinkMalformed) -> [NetlinkMessage] {
        var messages: [NetlinkMessage] = []
        var rest = datagram[...]
        while !rest.isEmpty {
            guard rest.count >= headerBytes, let length = HostNumber<UInt32>(rest.prefix(4))?.value,
                let type = HostNumber<UInt16>(rest.dropFirst(4).prefix(2))?.value,
                let flags = HostNumber<UInt16>(rest.dropFirst(6).prefix(2))?.value,
                let sequence = HostNumber<UInt32>(rest.dropFirst(8).prefix(4))?.value,
                let port = HostNumber<UInt32>(rest.dropFirst(12).prefix(4))?.value
            else { throw NetlinkMalformed("\(rest.count) bytes are left where a message of 16 or more should begin") }
            guard length >= UInt32(headerBytes), length <= UInt32(clamping: rest.count) else {
                throw NetlinkMalformed("a message says it has \(length) bytes, \(rest.count) are there")
            }
            messages.append(
                NetlinkMessage(
                    type: type, flags: flags, sequence: sequence, port: port,
                    body: rest.dropFirst(headerBytes).prefix(Int(length) - headerBytes)))
            rest = rest.dropFirst(Netlink.aligned(Int(length)))
        }
        return messages
    }

    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerBytes + body.count)
        withUnsafeBytes(of: UInt32(Self.headerBytes + body.count)) { bytes += Array($0) }
        withUnsafeBytes(of: type) { bytes += Array($0) }
        withUnsafeBytes(of: flags) { bytes += Array($0) }
        withUnsafeBytes(of: sequence) { bytes += Array($0) }
        withUnsafeBytes(of: port) { bytes += Array($0) }
        bytes += body
        return bytes
    }
}
