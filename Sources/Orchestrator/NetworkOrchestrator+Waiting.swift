import L45Model

// Waiting without polling: conditions are looked at after each pass.
extension NetworkOrchestrator {
    /// Returns once the fleet is as `condition` wants it, at once when it already is.
    package func waitUntil(_ condition: @escaping @Sendable (FleetState) -> Bool) async {
        await wait { fleet, _, _, _, _ in condition(fleet) }
    }

    /// Returns once the paths are as `condition` wants them, at once when they already are.
    package func waitUntilPaths(_ condition: @escaping @Sendable (PathFleet) -> Bool) async {
        await wait { _, paths, _, _, _ in condition(paths) }
    }

    /// Returns once the keys of paths, and the trust in them, are as `condition` wants them.
    package func waitUntilKeys(_ condition: @escaping @Sendable (PathKeyDesk, PathTrustBook) -> Bool) async {
        await wait { _, _, keys, trusts, _ in condition(keys, trusts) }
    }

    /// Returns once the security checks are as `condition` wants them.
    package func waitUntilChecks(_ condition: @escaping @Sendable (CheckBook) -> Bool) async {
        await wait { _, _, _, _, checks in condition(checks) }
    }

    private func wait(
        _ condition: @escaping @Sendable (FleetState, PathFleet, PathKeyDesk, PathTrustBook, CheckBook) -> Bool
    ) async {
        if condition(fleet, paths, pathKeys, trusts, checks) { return }
        await withCheckedContinuation { waiters.append(Waiter(condition: condition, continuation: $0)) }
    }

    /// Returns once the git sources are as `condition` wants them.
    package func waitUntilSources(_ condition: @escaping @Sendable (SourceBook) -> Bool) async {
        if condition(sources) { return }
        await withCheckedContinuation {
            sourceWaiters.append(SourceWaiter(condition: condition, continuation: $0))
        }
    }

    func resumeSourceWaiters() {
        let ready = sourceWaiters.filter { $0.condition(sources) }
        guard !ready.isEmpty else { return }
        sourceWaiters.removeAll { $0.condition(sources) }
        for waiter in ready { waiter.continuation.resume() }
    }

    struct SourceWaiter {
        let condition: @Sendable (SourceBook) -> Bool
        let continuation: CheckedContinuation<Void, Never>
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
        let (paths, keys, trusts, checks) = (paths, pathKeys, trusts, checks)
        let ready = waiters.filter { $0.condition(fleet, paths, keys, trusts, checks) }
        guard !ready.isEmpty else { return }
        waiters.removeAll { $0.condition(fleet, paths, keys, trusts, checks) }
        for waiter in ready { waiter.continuation.resume() }
    }

    struct Waiter {
        let condition: @Sendable (FleetState, PathFleet, PathKeyDesk, PathTrustBook, CheckBook) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }
}
