/// A TCP header (RFC 9293 section 3.1). Data offset and checksum are not kept: they follow from the rest.
package struct TCPHeader: Hashable, Sendable {
    package var sourcePort: UInt16
    package var destinationPort: UInt16
    package var sequence: UInt32 = 0
    package var acknowledgement: UInt32 = 0
    /// The three bits between data offset and flags, zero by RFC 9293.
    package var reservedBits: UInt8 = 0
    package var flags: TCPFlags
    /// As on the wire: never scaled in a SYN.
    package var window: UInt16 = 0
    package var urgentPointer: UInt16 = 0
    package var options = OptionBlock()

    package init(sourcePort: UInt16, destinationPort: UInt16, flags: TCPFlags = .syn) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.flags = flags
    }
}
