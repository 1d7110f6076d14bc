import L45Model
import NIOCore

/// A frame of the operator API as it arrives: its payload is JSON.
enum APIFrame: Hashable, Sendable {
    case bytes(ByteBuffer)
    /// The length field asks for this many bytes, more than the bound. Nothing after it is read.
    case tooLong(Int)

    static func decoder() -> ByteToMessageHandler<FrameDecoder> {
        ByteToMessageHandler(FrameDecoder(payloadBytesMax: APIVersion.frameBytesMax))
    }

    /// - Throws: `tooLong` before anything is sent.
    static func encode(_ value: some Encodable, allocator: ByteBufferAllocator) throws -> ByteBuffer {
        let json = try CanonicalJSON.encode(value)
        guard json.count <= APIVersion.frameBytesMax else {
            throw APIFailure(
                .tooLong, "the message has \(json.count) bytes, a frame at most \(APIVersion.frameBytesMax)",
                hint: "ask for less at a time")
        }
        var buffer = allocator.buffer(capacity: Frame.prefixBytes + json.count)
        buffer.writeInteger(UInt32(json.count))
        buffer.writeBytes(json)
        return buffer
    }
}
