import L45Model
import Logging
import NIOCore
import Synchronization

extension ChannelClient {
    /// What the client and its connections, one after the other, have in common.
    final class Shared: Sendable {
        private struct State {
            var identity: DeviceIdentity
            /// The connection that is open.
            var channel: (any Channel)?
            /// Messages pushed and not yet taken.
            var waiting = 0
            var deaf = false
        }

        let configuration: ChannelClientConfiguration
        let logger: Logger
        private let state: Mutex<State>
        private let queue = EventQueue<ClientEvent>()

        init(_ configuration: ChannelClientConfiguration, _ logger: Logger) {
            self.configuration = configuration
            self.logger = logger
            state = Mutex(State(identity: configuration.identity))
        }

        var identity: DeviceIdentity { state.withLock { $0.identity } }
        var channel: (any Channel)? { state.withLock { $0.channel } }

        func use(_ identity: DeviceIdentity) { state.withLock { $0.identity = identity } }

        func opened(_ channel: any Channel) {
            state.withLock {
                $0.channel = channel
                $0.deaf = false
            }
        }

        /// The next connection may be open already: only the one named is forgotten.
        func closed(_ channel: any Channel) {
            state.withLock { if $0.channel === channel { $0.channel = nil } }
        }

        func events() -> AsyncStream<ClientEvent> {
            queue.stream { [weak self] event in self?.taken(event) }
        }

        func finish() { queue.finish() }

        /// - Returns: whether the socket is to be left unread until what came is taken.
        func deliver(_ event: ClientEvent) -> Bool {
            queue.push(event)
            guard case .message = event else { return false }
            return state.withLock { state in
                state.waiting += 1
                guard state.waiting >= max(1, configuration.inboundMessagesMax), !state.deaf else { return false }
                state.deaf = true
                return true
            }
        }

        private func taken(_ event: ClientEvent) {
            guard case .message = event else { return }
            let channel = state.withLock { state -> (any Channel)? in
                state.waiting -= 1
                guard state.deaf, state.waiting <= configuration.inboundMessagesMax / 2 else { return nil }
                state.deaf = false
                return state.channel
            }
            channel?.write(LinkOutput.hear, promise: nil)
        }
    }
}
