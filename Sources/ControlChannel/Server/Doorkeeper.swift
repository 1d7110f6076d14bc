import L45Model
import NIOCore
import Synchronization

/// All connections that have not said who they are: the room, and the channels in it.
final class Door: Sendable {
    private struct State {
        var room: WaitingRoom
        var channels: [WaitingRoom.ID: any Channel] = [:]
        var last: WaitingRoom.ID = 0
    }

    private let state: Mutex<State>

    init(most: Int, mostOfOneAddress: Int) {
        state = Mutex(State(room: WaitingRoom(most: most, mostOfOneAddress: mostOfOneAddress)))
    }

    /// - Returns: the connection's number here, nil when it may not wait; and one that has to go for it.
    func enter(_ channel: any Channel, from address: String) -> (WaitingRoom.ID?, turnedOut: (any Channel)?) {
        state.withLock { state in
            state.last += 1
            let id = state.last
            switch state.room.enter(id, from: address) {
            case .full: return (nil, nil)
            case .welcome:
                state.channels[id] = channel
                return (id, nil)
            case .insteadOf(let other):
                state.channels[id] = channel
                return (id, state.channels.removeValue(forKey: other))
            }
        }
    }

    func speaks(_ id: WaitingRoom.ID) { state.withLock { $0.room.speaks(id) } }

    func leave(_ id: WaitingRoom.ID) {
        state.withLock { state in
            state.room.leave(id)
            state.channels[id] = nil
        }
    }

    var count: Int { state.withLock { $0.room.count } }
}

/// First in a connection's pipeline. TLS and all that comes after it are made when the peer's first bytes come, so a peer that
/// connects and says nothing costs a socket and a timer, and those not for long.
final class Doorkeeper: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let door: Door
    private let silentMax: TimeAmount
    private let notice: (ChannelRefusal, String) -> Void
    private let begin: (Doorkeeper, ChannelHandlerContext) throws -> Void
    private var id: WaitingRoom.ID?
    private var timer: Scheduled<Void>?
    private var hasBegun = false

    /// - Parameters:
    ///   - notice: told of a connection that was turned away, and its address.
    ///   - begin: adds the handlers that follow.
    init(
        _ door: Door, silentMax: TimeAmount, notice: @escaping (ChannelRefusal, String) -> Void,
        begin: @escaping (Doorkeeper, ChannelHandlerContext) throws -> Void
    ) {
        self.door = door
        self.silentMax = silentMax
        self.notice = notice
        self.begin = begin
    }

    func channelActive(context: ChannelHandlerContext) {
        let address = context.channel.remoteAddress?.place ?? "unknown"
        let (id, turnedOut) = door.enter(context.channel, from: address)
        if turnedOut != nil || id == nil {
            notice(ChannelRefusal(.crowded, "too many connections wait to say who they are"), address)
        }
        turnedOut?.close(promise: nil)
        guard let id else { return context.close(promise: nil) }
        self.id = id
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: silentMax) {
            self.notice(
                ChannelRefusal(
                    .silent, "nothing was said within \(Span.milliseconds(self.silentMax.nanoseconds / 1_000_000))"),
                address)
            context.close(promise: nil)
        }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !hasBegun {
            hasBegun = true
            timer?.cancel()
            timer = nil
            guard let id else { return }
            door.speaks(id)
            do { try begin(self, context) } catch { return context.close(promise: nil) }
        }
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    /// The peer said who it is, or is gone: it no longer counts.
    func leave() {
        timer?.cancel()
        timer = nil
        if let id { door.leave(id) }
        id = nil
    }
}
