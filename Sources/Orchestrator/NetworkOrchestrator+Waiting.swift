import L45Model

// Waiting without polling: conditions are looked at after each pass.
extension NetworkOrchestrator {
    /// Returns once the fleet is as `condition` wants it, at once when it already is.
    package func waitUntil(_ condition: @escaping @Sendable (FleetState) -> Bool) async {
        if condition(fleet) { return }
        await withCheckedContinuation { waiters.append(Waiter(condition: condition, continuation: $0)) }
    }

    /// Returns once agents can connect.
    package func waitUntilListening() async {
        if server != nil { return }
        await withCheckedContinuation { listeningWaiters.append($0) }
    }

    func resumeListeningWaiters() {
        for waiter in listeningWaiters { waiter.resume() }
        listeningWaiters.removeAll()
    }

    func resumeWaiters() {
        guard !waiters.isEmpty else { return }
        let fleet = fleet
        let ready = waiters.filter { $0.condition(fleet) }
        guard !ready.isEmpty else { return }
        waiters.removeAll { $0.condition(fleet) }
        for waiter in ready { waiter.continuation.resume() }
    }

    struct Waiter {
        let condition: @Sendable (FleetState) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }
}
