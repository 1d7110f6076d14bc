package import NIOCore

/// A message as it goes on the wire, made once and sent to any number of sessions: they share the bytes.
package struct EncodedFrame: Hashable, Sendable {
    /// Length and payload.
    package let bytes: ByteBuffer

    /// - Throws: `tooLong` when the message is over `Frame.tableBytesMax`.
    package init(_ message: OrchestratorMessage) throws(FrameError) {
        try self.init(payload: OrchestratorWire.encode(message), payloadBytesMax: Frame.tableBytesMax)
    }

    init(payload: [UInt8], payloadBytesMax: Int) throws(FrameError) {
        guard payload.count <= payloadBytesMax else {
            throw .tooLong(bytes: payload.count, bytesMax: payloadBytesMax)
        }
        var bytes = ByteBuffer()
        bytes.reserveCapacity(Frame.prefixBytes + payload.count)
        bytes.writeInteger(UInt32(payload.count))
        bytes.writeBytes(payload)
        self.bytes = bytes
    }
}
