import NIOCore
import Synchronization

/// From event loops to one task, in order, with a call when an event was taken: so that its source can be slowed down.
/// `AsyncStream` alone does not tell that.
final class EventQueue<Event: Sendable>: Sendable {
    private struct State {
        var events = CircularBuffer<Event>()
        var waiter: CheckedContinuation<Event?, Never>?
        var ended = false
    }

    private let state = Mutex(State())

    /// Adds an event; after the end, nothing happens.
    func push(_ event: Event) {
        let waiter = state.withLock { state -> CheckedContinuation<Event?, Never>? in
            guard !state.ended else { return nil }
            if let waiter = state.waiter {
                state.waiter = nil
                return waiter
            }
            state.events.append(event)
            return nil
        }
        waiter?.resume(returning: event)
    }

    /// No event follows; those that wait can still be taken.
    func finish() {
        let waiter = state.withLock { state -> CheckedContinuation<Event?, Never>? in
            state.ended = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }

    /// For one consumer. When its task is cancelled the stream ends.
    /// - Parameter taken: called for each event on its way to the consumer.
    func stream(taken: @escaping @Sendable (Event) -> Void = { _ in }) -> AsyncStream<Event> {
        AsyncStream(
            unfolding: {
                let event = await self.next()
                if let event { taken(event) }
                return event
            },
            onCancel: { self.finish() })
    }

    private func next() async -> Event? {
        await withCheckedContinuation { continuation in
            // nil: wait. Some nil: the end; also for a second consumer, which is a mistake of the caller.
            let answer = state.withLock { state -> Event?? in
                if let event = state.events.popFirst() { return .some(event) }
                guard !state.ended, state.waiter == nil else { return .some(nil) }
                state.waiter = continuation
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }
}
