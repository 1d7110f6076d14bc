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

extension SocketAddress {
    /// Who it is, for counting: the address without its port, and of IPv6 the 64 bits that one subscriber has.
    var place: String {
        guard let text = ipAddress else { return description }
        guard case .v6 = self else { return text }
        // Of a sockaddr_in6 (RFC 3493, 3.3): family, port and flow take 8 bytes, then the address.
        let bytes = withSockAddr { address, size in
            Array(UnsafeRawBufferPointer(start: address, count: size).dropFirst(8).prefix(16))
        }
        guard bytes.count == 16 else { return text }
        let mapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
        if mapped { return bytes.suffix(4).map(String.init).joined(separator: ".") }
        let groups = stride(from: 0, to: 8, by: 2).map {
            String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
        }
        return groups.joined(separator: ":") + "::/64"
    }
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
