import L45Model
import NIOCore
import NIOEmbedded
import Testing

@testable import ControlChannel

@Suite("What waits for a slow peer")
struct OutboundTests {
    private func artifact(_ bytes: Int, _ name: String = "a") throws -> EncodedArtifact {
        let content = ByteBuffer(repeating: 0x61, count: bytes)
        return try EncodedArtifact(
            ArtifactReference(digest: Digest(of: Array(name.utf8)), bytes: bytes), content: content)
    }

    private func chunk(_ bytes: ByteBuffer) throws -> (offset: Int, bytes: Int) {
        var payload = bytes
        payload.moveReaderIndex(forwardBy: Frame.prefixBytes)
        guard case .message(.artifactChunk(_, let offset, let content)) = try WireOrchestratorFrame.decode(payload)
        else { throw Unexpected("no chunk") }
        return (offset, content.readableBytes)
    }

    @Test("Messages go first, in order; files take turns in between")
    func order() throws {
        var queue = OutboundQueue(bytesMax: 1000)
        queue.append(try artifact(100_000, "a"), from: 0)
        queue.append(try artifact(70_000, "b"), from: 0)
        let wanted = try EncodedFrame(.reportWanted)
        try queue.append(wanted)
        try queue.append(.ping)
        #expect(queue.next() == .message(wanted.bytes))
        #expect(queue.next() == .message(EncodedFrame.ping.bytes))
        var sizes: [Int] = []
        while let item = queue.next() {
            guard case .chunk(let bytes) = item else { throw Unexpected("a message") }
            sizes.append(try chunk(bytes).bytes)
        }
        #expect(sizes == [65_536, 65_536, 34_464, 4_464])
        #expect(queue.isEmpty && queue.bytes == 0)
    }

    @Test("A file asked for from the middle starts there, and starts over when asked again")
    func middle() throws {
        var queue = OutboundQueue(bytesMax: 1000)
        let file = try artifact(200_000)
        queue.append(file, from: 0)
        _ = queue.next()
        queue.append(file, from: 70_000)
        var stretches: [(Int, Int)] = []
        while case .chunk(let bytes)? = queue.next() {
            let part = try chunk(bytes)
            stretches.append((part.offset, part.bytes))
        }
        #expect(stretches.map(\.0) == [70_000, 131_072, 196_608])
        #expect(stretches.map(\.1).reduce(0, +) == 130_000)
        queue.append(file, from: 200_000)
        queue.append(file, from: -1)
        #expect(queue.next() == nil)
    }

    @Test("Past the bound nothing is added, and the refusal names the numbers")
    func bound() throws {
        var queue = OutboundQueue(bytesMax: 15)
        try queue.append(.ping)
        try queue.append(.ping)
        let error = #expect(throws: ChannelRefusal.self) { try queue.append(.ping) }
        #expect(error?.code == .tooSlow)
        #expect(error?.text.contains("18") == true && error?.text.contains("15") == true)
        #expect(queue.bytes == 12)
    }

    @Test("A command that is sent while a file is under way is not behind the rest of the file")
    func overtakes() throws {
        let channel = EmbeddedChannel()
        let limits = LinkLimits(heartbeatEvery: .hours(1), silenceMax: .hours(2), outboundBytesMax: 1 << 20)
        try channel.pipeline.syncOperations.addHandler(LinkHandler(limits: limits))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        channel.write(LinkOutput.artifact(try artifact(600_000), from: 0), promise: nil)
        let command = try EncodedFrame(.reportWanted)
        channel.write(LinkOutput.frame(command), promise: nil)
        channel.embeddedEventLoop.run()
        var order: [String] = []
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) {
            order.append(bytes == command.bytes ? "command" : "chunk")
        }
        #expect(order.count == 11)
        #expect(order.firstIndex(of: "command") == 1)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }
}
