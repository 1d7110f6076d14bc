import Synchronization

/// Wakes those who wait for news. Safe from any thread.
package final class AlertBell: Sendable {
    private struct State {
        var rings: UInt64 = 0
        var lastID: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
        /// Those whose wait was over before it began.
        var woken: Set<UInt64> = []
    }
    private let state = Mutex(State())

    package init() {}

    /// How often it was rung.
    package var rings: UInt64 { state.withLock { $0.rings } }

    package func ring() {
        let waiting = state.withLock { state in
            state.rings += 1
            defer { state.waiting = [:] }
            return state.waiting
        }
        for waiter in waiting.values { waiter.resume() }
    }

    /// Until it was rung more often than `seen`, the time is over, or the task is cancelled.
    package func wait(past seen: UInt64, atMost span: Duration) async {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let timer = Task {
            try? await Task.sleep(for: span)
            wake(id)
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
                let isOver = state.withLock { state in
                    guard state.rings <= seen, state.woken.remove(id) == nil else { return true }
                    state.waiting[id] = waiter
                    return false
                }
                if isOver { waiter.resume() }
            }
        } onCancel: {
            wake(id)
        }
        timer.cancel()
        // The timer may wake it once more.
        await timer.value
        _ = state.withLock { $0.woken.remove(id) }
    }

    private func wake(_ id: UInt64) {
        let waiter = state.withLock { (state: inout sending State) -> CheckedContinuation<Void, Never>? in
            let waiter = state.waiting.removeValue(forKey: id)
            if waiter == nil { state.woken.insert(id) }
            return waiter
        }
        waiter?.resume()
    }
}
