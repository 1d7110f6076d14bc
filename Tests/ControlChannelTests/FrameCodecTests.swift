import NIOCore
import NIOEmbedded
import Testing

@testable import ControlChannel

@Suite("Frames")
struct FrameCodecTests {
    @Test("A payload comes out whole however its bytes arrive")
    func pieces() throws {
        var bytes = ByteBuffer()
        for text in ["hello", "", "a longer payload"] {
            bytes.writeInteger(UInt32(text.utf8.count))
            bytes.writeString(text)
        }
        for size in 1...bytes.readableBytes {
            let processor = NIOSingleStepByteToMessageProcessor(FrameDecoder(payloadBytesMax: 100))
            var rest = bytes
            var payloads: [String] = []
            while rest.readableBytes > 0, let piece = rest.readSlice(length: min(size, rest.readableBytes)) {
                try processor.process(buffer: piece) { payloads.append(String(buffer: $0)) }
            }
            try processor.finishProcessing(seenEOF: true) { payloads.append(String(buffer: $0)) }
            #expect(payloads == ["hello", "", "a longer payload"])
        }
    }

    @Test("A frame over the limit is refused by its length alone, and the error names both sizes")
    func tooLong() {
        let processor = NIOSingleStepByteToMessageProcessor(FrameDecoder(payloadBytesMax: 100))
        #expect(throws: FrameError.tooLong(bytes: 101, bytesMax: 100)) {
            try processor.process(buffer: ByteBuffer(integer: UInt32(101))) { _ in }
        }
        let text = FrameError.tooLong(bytes: 101, bytesMax: 100).description
        #expect(text.contains("101") && text.contains("100"))
    }

    @Test("A stream that ends inside a frame is told from one that ends between frames")
    func truncated() throws {
        var bytes = ByteBuffer(integer: UInt32(10))
        bytes.writeString("four")
        let processor = NIOSingleStepByteToMessageProcessor(FrameDecoder(payloadBytesMax: 100))
        try processor.process(buffer: bytes) { _ in }
        #expect(throws: FrameError.truncated(bytes: 4, bytesWanted: 10)) {
            try processor.finishProcessing(seenEOF: true) { _ in }
        }
    }

    @Test("The ping's bytes are the same message in both directions")
    func ping() throws {
        var payload = EncodedFrame.ping.bytes
        payload.moveReaderIndex(forwardBy: Frame.prefixBytes)
        #expect(try WireAgentFrame.decode(payload) == .ping)
        #expect(try WireOrchestratorFrame.decode(payload) == .ping)
    }

    @Test("A table of more than 4 MiB is refused when it is encoded, not when it is sent")
    func tableTooLong() throws {
        var random = Seeded(1)
        let table = Sample.table(&random, modules: 30_000)
        #expect(throws: FrameError.self) { _ = try EncodedFrame(.set(table)) }
    }
}
