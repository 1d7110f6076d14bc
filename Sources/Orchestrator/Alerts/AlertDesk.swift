package import Inventory
package import L45Model

/// All that the orchestrator keeps for alerts.
package struct AlertDesk: Sendable {
    package var book: AlertBook
    package var monitor: FleetMonitor
    /// When the monitor may look again.
    var looksAt = ContinuousClock.now
    /// How often each device was told to report, over its present connection.
    var reportsEvery: [DeviceID: Span] = [:]
    /// Rung whenever the CIB has news for the sinks.
    package let bell = AlertBell()
    var waiters: [Waiter] = []

    struct Waiter: Sendable {
        let condition: @Sendable (AlertBook) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    package init(_ stored: StoredAlerts = StoredAlerts(), bounds: MonitorBounds, now: Timestamp) {
        book = AlertBook(stored)
        monitor = FleetMonitor(bounds: bounds)
        for row in stored.damaged { _ = book.raise(.damage(row), now: now) }
    }
}

extension NetworkOrchestrator {
    /// Returns once the alerts in the CIB are as `condition` wants them, at once when they already are.
    package func waitUntilAlerts(_ condition: @escaping @Sendable (AlertBook) -> Bool) async {
        if condition(alerts.book) { return }
        await withCheckedContinuation {
            alerts.waiters.append(AlertDesk.Waiter(condition: condition, continuation: $0))
        }
    }

    func resumeAlertWaiters() {
        guard !alerts.waiters.isEmpty else { return }
        let book = alerts.book
        let waiters = alerts.waiters
        alerts.waiters = waiters.filter { !$0.condition(book) }
        for waiter in waiters where waiter.condition(book) { waiter.continuation.resume() }
    }
}
