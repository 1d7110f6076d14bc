package import NIOCore

/// The frame on every stream of this module: a payload's length, 4 bytes in network order, then the payload.
package enum Frame {
    package static let prefixBytes = 4
    /// The longest payload on the device channel: a device's whole table.
    package static let tableBytesMax = 4 << 20
    /// The longest payload from an agent: its report.
    package static let reportBytesMax = 1 << 20
    /// The longest payload from a peer that has not proved who it is.
    package static let strangerBytesMax = 16 << 10
}

/// Cuts a byte stream into payloads. Bytes of a frame that is too long are never gathered: its length is refused.
///
/// A class, since the limit grows once the peer has proved who it is.
package final class FrameDecoder: NIOSingleStepByteToMessageDecoder {
    package typealias InboundOut = ByteBuffer

    /// 0 to 2^31 - 1. Holds for the frames whose length has not been read yet.
    package var payloadBytesMax: Int

    package init(payloadBytesMax: Int) {
        self.payloadBytesMax = payloadBytesMax
    }

    package func decode(buffer: inout ByteBuffer) throws -> ByteBuffer? {
        guard let announced = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else { return nil }
        let bytes = Int(announced)
        guard bytes <= payloadBytesMax else { throw FrameError.tooLong(bytes: bytes, bytesMax: payloadBytesMax) }
        guard buffer.readableBytes >= Frame.prefixBytes + bytes else { return nil }
        buffer.moveReaderIndex(forwardBy: Frame.prefixBytes)
        return buffer.readSlice(length: bytes)
    }

    package func decodeLast(buffer: inout ByteBuffer, seenEOF: Bool) throws -> ByteBuffer? {
        if let payload = try decode(buffer: &buffer) { return payload }
        guard buffer.readableBytes > 0 else { return nil }
        let announced = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self).map { Int($0) }
        let bytes = buffer.readableBytes
        buffer.clear()
        throw FrameError.truncated(
            bytes: announced == nil ? bytes : bytes - Frame.prefixBytes, bytesWanted: announced)
    }
}
