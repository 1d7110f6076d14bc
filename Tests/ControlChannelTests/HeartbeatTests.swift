import L45Model
import NIOCore
import NIOEmbedded
import Testing

@testable import ControlChannel

@Suite("Heartbeats")
struct HeartbeatTests {
    let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("A quiet link is pinged on time, and a peer that says nothing is gone at the limit")
    func quiet() {
        var beat = Heartbeat(every: .seconds(5), silenceMax: .seconds(12), now: start)
        let actions = [1, 4, 5, 6, 10, 11, 12].map { beat.tick(now: start + .seconds($0)) }
        #expect(actions == [nil, nil, .ping, nil, .ping, nil, .gone(silence: .seconds(12))])
    }

    @Test("Whatever is said or heard counts; pings are for silence only")
    func busy() {
        var beat = Heartbeat(every: .seconds(5), silenceMax: .seconds(12), now: start)
        beat.said(at: start + .seconds(4))
        beat.heard(at: start + .seconds(4))
        #expect(beat.tick(now: start + .seconds(8)) == nil)
        #expect(beat.nextAt == start + .seconds(9))
        #expect(beat.tick(now: start + .seconds(9)) == .ping)
        #expect(beat.tick(now: start + .seconds(15)) == .ping)
        #expect(beat.tick(now: start + .seconds(16)) == .gone(silence: .seconds(12)))
    }

    @Test("A peer whose words we leave unread is not taken for silent")
    func deaf() {
        var beat = Heartbeat(every: .seconds(5), silenceMax: .seconds(12), now: start)
        beat.setDeaf(true, now: start)
        #expect(beat.tick(now: start + .seconds(100)) == .ping)
        beat.setDeaf(false, now: start + .seconds(101))
        #expect(beat.tick(now: start + .seconds(112)) == .ping)
        #expect(beat.tick(now: start + .seconds(113)) == .gone(silence: .seconds(12)))
    }

    @Test("A link sends pings by itself, and reports the peer that went silent with the numbers")
    func link() throws {
        let errors = ErrorCatcher()
        let channel = EmbeddedChannel()
        let limits = LinkLimits(
            heartbeatEvery: .seconds(5), silenceMax: .seconds(12), outboundBytesMax: 1 << 20)
        try channel.pipeline.syncOperations.addHandlers([LinkHandler(limits: limits), errors])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.writeOutbound(LinkOutput.opened(payloadBytesMax: 1000))
        channel.embeddedEventLoop.advanceTime(by: .seconds(4))
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(try channel.readOutbound(as: ByteBuffer.self) == EncodedFrame.ping.bytes)
        try channel.writeInbound(EncodedFrame.ping.bytes)
        channel.embeddedEventLoop.advanceTime(by: .seconds(11))
        #expect(errors.refusals == [])
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(errors.refusals == [ChannelRefusal(.silent, "nothing was heard for 12s; the limit is 12s")])
        _ = try channel.finish(acceptAlreadyClosed: true)
    }
}

final class ErrorCatcher: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private(set) var refusals: [ChannelRefusal] = []
    private(set) var payloads: [ByteBuffer] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { payloads.append(unwrapInboundIn(data)) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        refusals.append(error as? ChannelRefusal ?? ChannelRefusal(.closed, "\(error)"))
        context.close(promise: nil)
    }
}
