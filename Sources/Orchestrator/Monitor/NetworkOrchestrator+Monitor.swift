import L45Model

// The monitor: what it finds is what is alerted.
extension NetworkOrchestrator {
    /// Reports that are about to be taken up.
    func watch(_ reports: some Sequence<DeviceReport>, _ time: Timestamp) {
        for report in reports {
            guard let known = fleet.devices[report.device] else { continue }
            alerts.monitor.took(report, of: known, now: time)
        }
    }

    /// Looks at the whole fleet, as often as a twentieth of a processor allows.
    func lookAtFleet(_ time: Timestamp) {
        guard ContinuousClock.now >= alerts.looksAt else { return }
        let begin = ContinuousClock.now
        let sight = MonitorSight(
            fleet: fleet, intents: Set(book.records.keys), misfits: misfits, paths: paths, trusts: trusts,
            reportEvery: configuration.reportEvery)
        let findings = alerts.monitor.look(sight, now: time)
        let monitor = alerts.monitor
        let events = alerts.book.hold(findings, of: AlertKind.ofMonitor, now: time) {
            monitor.whyOver($0, sight, now: time)
        }
        for event in events { note(event) }
        let took = ContinuousClock.now - begin
        let often = Duration.milliseconds(
            min(1000, max(10, configuration.alerts.bounds.lastsFor.milliseconds / 4)))
        alerts.looksAt = ContinuousClock.now + max(often, took * 20)
    }
}
