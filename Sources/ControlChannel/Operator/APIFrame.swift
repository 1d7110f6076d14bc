import L45Model
import NIOCore

/// A frame of the operator API: a 4-byte big-endian length, then that many bytes of JSON.
enum APIFrame: Hashable, Sendable {
    case bytes(ByteBuffer)
    /// The length field asks for this many bytes, more than the bound. Nothing after it is read.
    case tooLong(Int)

    /// - Throws: `tooLong` before anything is sent.
    static func encode(_ value: some Encodable, allocator: ByteBufferAllocator) throws -> ByteBuffer {
        let json = try CanonicalJSON.encode(value)
        guard json.count <= APIVersion.frameBytesMax else {
            throw APIFailure(
                .tooLong, "the message has \(json.count) bytes, a frame at most \(APIVersion.frameBytesMax)",
                hint: "ask for less at a time")
        }
        var buffer = allocator.buffer(capacity: 4 + json.count)
        buffer.writeInteger(UInt32(json.count))
        buffer.writeBytes(json)
        return buffer
    }
}

/// Cuts a byte stream into frames. Buffers at most one frame, and none whose length is past the bound.
struct APIFrameDecoder: NIOSingleStepByteToMessageDecoder {
    typealias InboundOut = APIFrame
    private var spoilt = false

    init() {}

    mutating func decode(buffer: inout ByteBuffer) throws -> APIFrame? {
        guard !spoilt else {
            buffer.moveReaderIndex(forwardBy: buffer.readableBytes)
            return nil
        }
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else { return nil }
        guard length <= APIVersion.frameBytesMax else {
            spoilt = true
            return .tooLong(Int(length))
        }
        guard buffer.readableBytes >= 4 + Int(length) else { return nil }
        buffer.moveReaderIndex(forwardBy: 4)
        return buffer.readSlice(length: Int(length)).map(APIFrame.bytes)
    }

    /// A frame cut short by the peer's end is no frame.
    mutating func decodeLast(buffer: inout ByteBuffer, seenEOF: Bool) throws -> APIFrame? {
        try decode(buffer: &buffer)
    }
}
