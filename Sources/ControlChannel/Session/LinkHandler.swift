import L45Model
import NIOCore

/// What is written to a link.
enum LinkOutput: Sendable {
    case frame(EncodedFrame)
    case artifact(EncodedArtifact, from: Int)
    /// The peer proved who it is: longer frames are taken, and heartbeats begin.
    case opened(payloadBytesMax: Int)
    /// Leave the socket unread until `hear`: what came is not being taken.
    case deafen
    case hear
}

/// The limits of a link.
struct LinkLimits: Sendable {
    var heartbeatEvery: TimeAmount
    var silenceMax: TimeAmount
    var outboundBytesMax: Int
    /// From a frame's first byte to its last.
    var frameMax: TimeAmount = .seconds(60)
}

/// Frames over TLS, the same at both ends: cuts and joins them, keeps what waits for a slow peer within bounds, lets
/// messages overtake files, says that we live, and notices when the peer does not.
///
/// Payloads go up the pipeline. What goes wrong is fired as an error of type `ChannelRefusal`; whoever is above closes.
final class LinkHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = LinkOutput
    typealias OutboundOut = ByteBuffer

    /// Written at once before a flush.
    private static let batchBytes = 64 << 10

    private let limits: LinkLimits
    private let decoder: FrameDecoder
    private let processor: NIOSingleStepByteToMessageProcessor<FrameDecoder>
    private var queue: OutboundQueue
    private var heartbeat: Heartbeat?
    private var timer: Scheduled<Void>?
    private var pumping = false
    private var pumpDue = false
    private var deaf = false
    private var readDue = false
    private var ended = false
    /// When the first bytes came of the frame that is not yet whole.
    private var frameSince: NIODeadline?

    init(limits: LinkLimits) {
        self.limits = limits
        decoder = FrameDecoder(payloadBytesMax: Frame.strangerBytesMax)
        processor = NIOSingleStepByteToMessageProcessor(decoder)
        queue = OutboundQueue(bytesMax: limits.outboundBytesMax)
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !ended else { return }
        heartbeat?.heard(at: context.eventLoop.now)
        do {
            try processor.process(buffer: unwrapInboundIn(data)) { payload in
                guard !ended else { return }
                frameSince = nil
                context.fireChannelRead(wrapInboundOut(payload))
            }
            try checkPace(now: context.eventLoop.now)
        } catch let refusal as ChannelRefusal {
            fail(context, refusal)
        } catch let error as FrameError {
            fail(context, Self.refusal(error))
        } catch {
            fail(context, ChannelRefusal(.frameMalformed, "\(error)"))
        }
    }

    /// Who sends a byte now and then is never silent, and would hold a frame's memory for ever. Looked at as bytes come:
    /// when none do, silence is counted.
    private func checkPace(now: NIODeadline) throws {
        guard processor.unprocessedBytes > 0 else {
            frameSince = nil
            return
        }
        guard let since = frameSince else {
            frameSince = now
            return
        }
        guard now - since > limits.frameMax else { return }
        let limit = Span.milliseconds(limits.frameMax.nanoseconds / 1_000_000)
        throw ChannelRefusal(
            .tooSlow, "a frame took more than \(limit) to come; \(processor.unprocessedBytes) bytes of it are here")
    }

    func read(context: ChannelHandlerContext) {
        if deaf { readDue = true } else { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        pump(context)
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !ended {
            do {
                try processor.finishProcessing(seenEOF: true) { payload in
                    context.fireChannelRead(wrapInboundOut(payload))
                }
            } catch {
                fail(context, ChannelRefusal(.frameMalformed, "\(error)"))
            }
        }
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    // MARK: Outbound

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // Taken over by the queue here; what becomes of it is seen from the connection.
        promise?.succeed()
        guard !ended else { return }
        switch unwrapOutboundIn(data) {
        case .frame(let frame):
            do {
                try queue.append(frame)
            } catch {
                return fail(context, error)
            }
            pump(context)
        case .artifact(let artifact, let offset):
            queue.append(artifact, from: offset)
            pump(context)
        case .opened(let payloadBytesMax):
            decoder.payloadBytesMax = payloadBytesMax
            heartbeat = Heartbeat(
                every: limits.heartbeatEvery, silenceMax: limits.silenceMax, now: context.eventLoop.now)
            schedule(context)
        case .deafen:
            deaf = true
            heartbeat?.setDeaf(true, now: context.eventLoop.now)
        case .hear:
            deaf = false
            heartbeat?.setDeaf(false, now: context.eventLoop.now)
            schedule(context)
            if readDue {
                readDue = false
                context.read()
            }
        }
    }

    func flush(context: ChannelHandlerContext) {
        // The pump flushes what it writes.
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode != .input {
            end()
            // The peer's last words must be read for an orderly end of TLS.
            deaf = false
            if readDue {
                readDue = false
                context.read()
            }
        }
        context.close(mode: mode, promise: promise)
    }

    /// Writes while the socket takes it. A file's chunk ends the turn, so that what other threads send meanwhile is not
    /// behind the rest of the file.
    private func pump(_ context: ChannelHandlerContext) {
        guard !pumping, !ended else { return }
        pumping = true
        defer { pumping = false }
        var batch = 0
        loop: while context.channel.isWritable {
            switch queue.next() {
            case .message(let bytes):
                context.write(wrapOutboundOut(bytes), promise: nil)
                batch += bytes.readableBytes
                if batch >= Self.batchBytes {
                    context.flush()
                    batch = 0
                }
            case .chunk(let bytes):
                context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
                batch = 0
                heartbeat?.said(at: context.eventLoop.now)
                return pumpLater(context)
            case nil:
                break loop
            }
            heartbeat?.said(at: context.eventLoop.now)
        }
        if batch > 0 { context.flush() }
    }

    private func pumpLater(_ context: ChannelHandlerContext) {
        guard !pumpDue else { return }
        pumpDue = true
        context.eventLoop.assumeIsolated().execute {
            self.pumpDue = false
            self.pump(context)
        }
    }

    // MARK: Heartbeat

    private func schedule(_ context: ChannelHandlerContext) {
        timer?.cancel()
        guard let heartbeat, !ended else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: heartbeat.nextAt) {
            self.beat(context)
        }
    }

    private func beat(_ context: ChannelHandlerContext) {
        guard !ended else { return }
        switch heartbeat?.tick(now: context.eventLoop.now) {
        case .ping:
            // With something waiting to be sent a ping would say nothing more.
            if queue.isEmpty { write(context: context, data: NIOAny(LinkOutput.frame(.ping)), promise: nil) }
        case .gone(let silence):
            let heard = Span.milliseconds(silence.nanoseconds / 1_000_000)
            let limit = Span.milliseconds(limits.silenceMax.nanoseconds / 1_000_000)
            return fail(context, ChannelRefusal(.silent, "nothing was heard for \(heard); the limit is \(limit)"))
        case nil:
            break
        }
        schedule(context)
    }

    private func fail(_ context: ChannelHandlerContext, _ refusal: ChannelRefusal) {
        context.fireErrorCaught(refusal)
    }

    /// From here on nothing is read, sent or timed.
    private func end() {
        ended = true
        timer?.cancel()
        timer = nil
        queue.removeAll()
    }

    private static func refusal(_ error: FrameError) -> ChannelRefusal {
        switch error {
        case .tooLong: ChannelRefusal(.frameTooLong, "\(error)")
        case .truncated: ChannelRefusal(.frameMalformed, "\(error)")
        }
    }
}
