import L45Model
import Logging
import NIOCore
import Synchronization

extension ChannelClient {
    /// What the client and its connections, one after the other, have in common.
    final class Shared: Sendable {
        private struct State {
            var identity: DeviceIdentity
            /// Kept, and not yet taken by the orchestrator.
            var renewed: DeviceIdentity?
            /// The orchestrator refused the renewed one: the other is tried next.
            var prefersOld = false
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
            state = Mutex(State(identity: configuration.identity, renewed: configuration.renewed))
        }

        /// What the next connection is opened with.
        var identity: DeviceIdentity {
            state.withLock { $0.prefersOld ? $0.identity : $0.renewed ?? $0.identity }
        }
        var channel: (any Channel)? { state.withLock { $0.channel } }

        /// One that was kept: the next connection is opened with it.
        func take(renewed identity: DeviceIdentity) {
            state.withLock {
                $0.renewed = identity
                $0.prefersOld = false
            }
        }

        /// The same certificate with other authorities.
        func take(trusting identity: DeviceIdentity) {
            state.withLock { state in
                state.identity = identity
                // One that waits to be used is asked for again, where these did not issue it.
                if let renewed = state.renewed { state.renewed = try? renewed.trusting(identity.anchors) }
            }
        }

        /// The orchestrator took this one.
        /// - Returns: whether it is one that was waiting to be used.
        func accepted(_ identity: DeviceIdentity) -> Bool {
            state.withLock { state in
                let isNew = state.renewed?.serial == identity.serial
                if isNew { state.identity = identity }
                state.renewed = nil
                state.prefersOld = false
                return isNew
            }
        }

        /// The orchestrator refused this one for good.
        /// - Returns: whether there is another to be tried.
        func refused(_ identity: DeviceIdentity) -> Bool {
            state.withLock { state in
                guard state.renewed != nil else { return false }
                state.prefersOld = state.renewed?.serial == identity.serial
                return state.prefersOld
            }
        }

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
