package import NIOCore
import SwiftProtobuf

/// A message as it goes on the wire, made once and sent to any number of sessions: they share the bytes.
package struct EncodedFrame: Hashable, Sendable {
    /// Length and payload.
    package let bytes: ByteBuffer

    /// Says only that its sender lives; the same bytes in both directions.
    static let ping = EncodedFrame(bytes: ByteBuffer(bytes: [0, 0, 0, 2, 0x32, 0]))

    /// - Throws: `tooLong` when the message is over `Frame.tableBytesMax`.
    package init(_ message: OrchestratorMessage) throws(FrameError) {
        try self.init(WireOrchestratorFrame(message), payloadBytesMax: Frame.tableBytesMax)
    }

    /// - Throws: `tooLong` when the message is over `Frame.reportBytesMax`.
    package init(_ message: AgentMessage) throws(FrameError) {
        try self.init(WireAgentFrame(message), payloadBytesMax: Frame.reportBytesMax)
    }

    init(_ message: some SwiftProtobuf.Message, payloadBytesMax: Int) throws(FrameError) {
        let payload: [UInt8]
        do {
            payload = try message.serializedBytes()
        } catch {
            // The one way in which a proto3 message fails to serialize: it is over 2 GiB.
            throw .tooLong(bytes: Int(Int32.max), bytesMax: payloadBytesMax)
        }
        guard payload.count <= payloadBytesMax else {
            throw .tooLong(bytes: payload.count, bytesMax: payloadBytesMax)
        }
        var bytes = ByteBuffer()
        bytes.reserveCapacity(Frame.prefixBytes + payload.count)
        bytes.writeInteger(UInt32(payload.count))
        bytes.writeBytes(payload)
        self.bytes = bytes
    }

    private init(bytes: ByteBuffer) {
        self.bytes = bytes
    }
}
