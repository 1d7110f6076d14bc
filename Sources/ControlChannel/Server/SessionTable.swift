import L45Model
import NIOCore
import Synchronization

/// The sessions that stand, and the one order in which their events are told. Every event is pushed under the lock, so
/// that what a session says never comes before its `connected` nor after its `disconnected`.
final class SessionTable: Sendable {
    private struct Entry {
        var device: DeviceID
        var channel: any Channel
        /// What it showed.
        var certificate: PresentedCertificate
        /// Where from.
        var address: String
        /// Messages pushed and not yet taken.
        var waiting = 0
        var deaf = false
    }

    private struct State {
        var entries: [SessionID: Entry] = [:]
        var byDevice: [DeviceID: SessionID] = [:]
        var last: UInt64 = 0
    }

    private let state = Mutex(State())
    private let queue = EventQueue<ChannelEvent>()
    private let messagesMax: Int

    init(messagesMax: Int) {
        self.messagesMax = max(1, messagesMax)
    }

    /// For one consumer.
    func events() -> AsyncStream<ChannelEvent> {
        queue.stream { [weak self] event in self?.taken(event) }
    }

    func finish() { queue.finish() }

    var count: Int { state.withLock { $0.entries.count } }

    /// A device that said hello, and wants to be a session.
    struct Arrival {
        let certificate: PresentedCertificate
        let hello: AgentHello
        let channel: any Channel
        let address: String
    }

    enum Opening {
        case opened(SessionID, superseded: (any Channel)?)
        /// The device has this session, which may well be alive: ask it.
        case contested(SessionID, any Channel, address: String)
    }

    /// - Parameter over: a session of the same device that was asked and did not answer: it is superseded.
    func open(_ arrival: Arrival, over silent: SessionID? = nil) -> Opening {
        let device = arrival.certificate.device
        return state.withLock { state in
            var superseded: (any Channel)?
            if let old = state.byDevice[device], let entry = state.entries[old] {
                guard old == silent else { return .contested(old, entry.channel, address: entry.address) }
                state.entries[old] = nil
                superseded = entry.channel
                queue.push(.disconnected(old, device, reason: "superseded by a newer connection of the same device"))
            }
            state.last += 1
            let session = SessionID(state.last)
            state.entries[session] = Entry(
                device: device, channel: arrival.channel, certificate: arrival.certificate, address: arrival.address)
            state.byDevice[device] = session
            queue.push(.connected(session, device, arrival.hello))
            return .opened(session, superseded: superseded)
        }
    }

    func certificate(of session: SessionID) -> PresentedCertificate? {
        state.withLock { $0.entries[session]?.certificate }
    }

    func address(of session: SessionID) -> String? { state.withLock { $0.entries[session]?.address } }

    /// - Returns: whether the session is to be left unread until its messages are taken.
    func deliver(_ message: AgentMessage, from session: SessionID) -> Bool {
        state.withLock { state in
            guard var entry = state.entries[session] else { return false }
            queue.push(.message(session, entry.device, message))
            entry.waiting += 1
            let deafen = entry.waiting >= messagesMax && !entry.deaf
            if deafen { entry.deaf = true }
            state.entries[session] = entry
            return deafen
        }
    }

    /// - Returns: the channel, when the session stood until now.
    @discardableResult
    func close(_ session: SessionID, reason: String) -> (any Channel)? {
        state.withLock { state in
            guard let entry = state.entries.removeValue(forKey: session) else { return nil }
            if state.byDevice[entry.device] == session { state.byDevice[entry.device] = nil }
            queue.push(.disconnected(session, entry.device, reason: reason))
            return entry.channel
        }
    }

    func channels(_ sessions: [SessionID]) -> [any Channel] {
        state.withLock { state in sessions.compactMap { state.entries[$0]?.channel } }
    }

    private func taken(_ event: ChannelEvent) {
        guard case .message(let session, _, _) = event else { return }
        let channel = state.withLock { state -> (any Channel)? in
            guard var entry = state.entries[session] else { return nil }
            entry.waiting -= 1
            let hear = entry.deaf && entry.waiting <= messagesMax / 2
            if hear { entry.deaf = false }
            state.entries[session] = entry
            return hear ? entry.channel : nil
        }
        channel?.write(LinkOutput.hear, promise: nil)
    }
}
