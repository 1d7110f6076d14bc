import L45Model
import NIOCore
import Synchronization

/// The sessions that stand, and the one order in which their events are told. Every event is pushed under the lock, so
/// that what a session says never comes before its `connected` nor after its `disconnected`.
final class SessionTable: Sendable {
    private struct Entry {
        var device: DeviceID
        var channel: any Channel
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

    /// A device said hello.
    /// - Returns: its new session, and the channel of the one that it supersedes.
    func open(
        _ device: DeviceID, _ hello: AgentHello, _ channel: any Channel
    ) -> (SessionID, superseded: (any Channel)?) {
        state.withLock { state in
            state.last += 1
            let session = SessionID(state.last)
            var superseded: (any Channel)?
            if let old = state.byDevice[device], let entry = state.entries.removeValue(forKey: old) {
                superseded = entry.channel
                queue.push(.disconnected(old, device, reason: "superseded by a newer connection of the same device"))
            }
            state.entries[session] = Entry(device: device, channel: channel)
            state.byDevice[device] = session
            queue.push(.connected(session, device, hello))
            return (session, superseded)
        }
    }

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
