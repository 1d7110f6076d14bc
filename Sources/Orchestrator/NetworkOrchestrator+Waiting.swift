import L45Model

// Waiting without polling: conditions are looked at after each pass.
extension NetworkOrchestrator {
    /// Returns once the fleet is as `condition` wants it, at once when it already is.
    package func waitUntil(_ condition: @escaping @Sendable (FleetState) -> Bool) async {
        await wait { fleet, _, _, _ in condition(fleet) }
    }

    /// Returns once the paths are as `condition` wants them, at once when they already are.
    package func waitUntilPaths(_ condition: @escaping @Sendable (PathFleet) -> Bool) async {
        await wait { _, paths, _, _ in condition(paths) }
    }

    /// Returns once the keys of paths, and the trust in them, are as `condition` wants them.
    package func waitUntilKeys(_ condition: @escaping @Sendable (PathKeyDesk, PathTrustBook) -> Bool) async {
        await wait { _, _, keys, trusts in condition(keys, trusts) }
    }

    private func wait(
        _ condition: @escaping @Sendable (FleetState, PathFleet, PathKeyDesk, PathTrustBook) -> Bool
    ) async {
        if condition(fleet, paths, pathKeys, trusts) { return }
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
        let (paths, keys, trusts) = (paths, pathKeys, trusts)
        let ready = waiters.filter { $0.condition(fleet, paths, keys, trusts) }
        guard !ready.isEmpty else { return }
        waiters.removeAll { $0.condition(fleet, paths, keys, trusts) }
        for waiter in ready { waiter.continuation.resume() }
    }

    struct Waiter {
        let condition: @Sendable (FleetState, PathFleet, PathKeyDesk, PathTrustBook) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }
}
