import NIOCore
import NIOPosix
import Synchronization

/// A machine on the way between agents and their orchestrator: it copies what passes, and spoils what it is told to. It
/// has no keys.
final class Wiretap: Sendable {
    enum Way: CaseIterable, Sendable { case toOrchestrator, toAgent }
    enum Act: CaseIterable, Sendable {
        /// Sent on twice.
        case doubled
        /// Sent on with one bit of its last byte changed.
        case bent
    }

    private let listener: any Channel
    private let notes: Notes

    var port: Int { listener.localAddress?.port ?? 0 }
    /// All that agents sent since the beginning.
    var heardFromAgents: [UInt8] { notes.state.withLock { $0.fromAgents } }

    init(before port: Int) async throws {
        let notes = Notes()
        self.notes = notes
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { near in
                // On one event loop, so that nothing overtakes anything.
                ClientBootstrap(group: near.eventLoop)
                    .channelInitializer { far in
                        far.eventLoop.makeCompletedFuture {
                            try far.pipeline.syncOperations.addHandler(Relay(.toAgent, to: near, notes))
                        }
                    }
                    .connect(host: "127.0.0.1", port: port)
                    .flatMap { far in
                        near.eventLoop.makeCompletedFuture {
                            try near.pipeline.syncOperations.addHandler(Relay(.toOrchestrator, to: far, notes))
                        }
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// Does this to the next bytes that go this way.
    func spoil(_ way: Way, _ act: Act) { notes.state.withLock { $0.next = (way, act) } }

    func stop() async throws { try await listener.close() }

    private final class Notes: Sendable {
        struct State {
            var fromAgents: [UInt8] = []
            var next: (Way, Act)?
        }
        let state = Mutex(State())

        func pass(_ way: Way, _ bytes: inout ByteBuffer) {
            state.withLock { state in
                if way == .toOrchestrator { state.fromAgents += bytes.readableBytesView }
                guard let (spoiled, act) = state.next, spoiled == way else { return }
                state.next = nil
                switch act {
                case .doubled: bytes.writeImmutableBuffer(bytes)
                case .bent:
                    let last = bytes.writerIndex - 1
                    bytes.setInteger((bytes.getInteger(at: last, as: UInt8.self) ?? 0) ^ 1, at: last)
                }
            }
        }
    }

    private final class Relay: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let way: Way
        private let partner: any Channel
        private let notes: Notes

        init(_ way: Way, to partner: any Channel, _ notes: Notes) {
            self.way = way
            self.partner = partner
            self.notes = notes
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            notes.pass(way, &bytes)
            partner.writeAndFlush(bytes, promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { partner.close(promise: nil) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
