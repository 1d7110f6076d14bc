import Inventory
import L45Model
import Logging
import Reconciler

// Whoever is told of alerts, and the look at the CIB's own seals.
extension NetworkOrchestrator {
    /// Until the task is cancelled.
    /// - Parameter couriers: made before the first pass, so that a new sink misses nothing of what that one stores.
    func tendAlerts(_ couriers: [(courier: AlertCourier, standing: AlertSinkStanding)]) async {
        await withTaskGroup(of: Void.self) { group in
            for courier in couriers { group.addTask { await courier.courier.run(from: courier.standing) } }
            group.addTask { await self.watchSeals() }
            await group.waitForAll()
        }
    }

    func couriers() -> [(courier: AlertCourier, standing: AlertSinkStanding)] {
        let configuration = configuration.alerts
        do {
            try inventory.keepOnly(sinks: Set(configuration.sinks.map(\.name)))
            let known = try inventory.alertSinks()
            let last = try inventory.alerts().lastPlace
            return try configuration.sinks.map { sink in
                // A new one begins with what comes.
                let standing = known[sink.name] ?? AlertSinkStanding(place: last)
                if known[sink.name] == nil { try inventory.record(standing, of: sink.name) }
                return (courier(sink), standing)
            }
        } catch {
            logger.error("alerts are not delivered", metadata: ["error": "\(error)"])
            raise(
                AlertFinding(
                    .sinkDown, AlertSubject(other: "sinks"), .critical, expected: "alerts delivered to their sinks",
                    seen: "\(error)"))
            return []
        }
    }

    private func courier(_ sink: AlertSink) -> AlertCourier {
        AlertCourier(
            sink: sink, inventory: inventory, configuration: configuration.alerts, bell: alerts.bell, logger: logger,
            now: now, nameOf: { await self.fleet.devices[$0]?.device.facts.name },
            isDown: { await self.sink(sink, isDown: $0) })
    }

    private func sink(_ sink: AlertSink, isDown reason: String?) {
        let subject = AlertSubject(other: "sink/\(sink.name)")
        guard let reason else { return resolve(.sinkDown, subject, why: "it takes messages again") }
        raise(
            AlertFinding(
                .sinkDown, subject, .warning, expected: "alerts are taken by \(sink.name)",
                seen: "\(AlertCourier.failuresMin) tries in a row failed: \(reason)"))
    }

    // MARK: Seals

    /// A row that is changed behind the orchestrator's back does no harm before it is acted upon; that it was is worth knowing
    /// sooner. Those that it starts from were looked at as it started.
    private func watchSeals() async {
        let inventory = inventory
        let every = Duration.milliseconds(configuration.alerts.sealsEvery.milliseconds)
        while (try? await Task.sleep(for: every)) != nil {
            do {
                for row in try await Task.detached(operation: { try inventory.damagedRows() }).value {
                    let finding = AlertFinding.damage(row)
                    if alerts.book.open[finding.key] == nil { raise(finding) }
                }
            } catch let error as InventoryError {
                found(error)
            } catch {
                logger.error("seals not looked at", metadata: ["error": "\(error)"])
            }
        }
    }
}
