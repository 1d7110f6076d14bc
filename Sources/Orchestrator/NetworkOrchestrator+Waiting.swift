import L45Model

// Waiting without polling: conditions are looked at after each pass.
extension NetworkOrchestrator {
    /// Returns once the fleet is as `condition` wants it, at once when it already is.
    package func waitUntil(_ condition: @escaping @Sendable (FleetState) -> Bool) async {
        await wait { fleet, _ in condition(fleet) }
    }

    /// Returns once the paths are as `condition` wants them, at once when they already are.
    package func waitUntilPaths(_ condition: @escaping @Sendable (PathFleet) -> Bool) async {
        await wait { _, paths in condition(paths) }
    }

    private func wait(_ condition: @escaping @Sendable (FleetState, PathFleet) -> Bool) async {
        if condition(fleet, paths) { return }
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
        let paths = paths
        let ready = waiters.filter { $0.condition(fleet, paths) }
        guard !ready.isEmpty else { return }
        waiters.removeAll { $0.condition(fleet, paths) }
        for waiter in ready { waiter.continuation.resume() }
    }

    struct Waiter {
        let condition: @Sendable (FleetState, PathFleet) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }
}
