package import L45Model
package import Reconciler

// What single reports say.
extension FleetMonitor {
    /// A report has come, and is not yet taken up.
    ///
    /// - Parameter known: the device as it stood before it.
    package mutating func took(_ report: DeviceReport, of known: DeviceSnapshot, now: Timestamp) {
        guard case .connected = known.link else { return }
        var watch = watches[report.device] ?? DeviceWatch()
        // A tap that is behind runs what it was told before: that is no news.
        if report.generation >= known.table?.generation ?? .none {
            watch.unknown = report.modules.map(\.id).filter {
                known.table?.place($0) == nil && known.plan?.place($0) == nil
            }
            watch.unasked = Self.unasked(report, known.table)
        }
        for (at, module) in report.modules.enumerated() {
            let before = known.report.flatMap { Self.module(module.id, at, $0) }
            let isSameTap = known.report?.bootID == report.bootID
            func more(_ count: (ModuleStatistics) -> UInt64) -> UInt64 {
                let old = isSameTap ? before.map { count($0.statistics) } ?? 0 : 0
                let new = count(module.statistics)
                return new >= old ? new - old : new
            }
            watch.count(.forged, module.id, more: more(\.forged), quietFor: bounds.quietFor, now: now)
            if module.enforcing {
                watch.count(.dropped, module.id, more: more(\.dropped), quietFor: bounds.quietFor, now: now)
            }
        }
        let running = Set(report.modules.map(\.id))
        watch.odd = watch.odd.filter { running.contains($0.key) }
        watches[report.device] = watch
    }

    /// Taps mostly report in the same order.
    private static func module(_ id: ModuleID, _ at: Int, _ report: DeviceReport) -> ModuleReport? {
        at < report.modules.count && report.modules[at].id == id ? report.modules[at] : report.module(id)
    }

    /// Only of the very table that was decided last: under any other one it may have been told to.
    private static func unasked(_ report: DeviceReport, _ table: DeviceTable?) -> [ModuleID: String] {
        guard let table, table.generation == report.generation else { return [:] }
        var unasked: [ModuleID: String] = [:]
        for module in report.modules {
            guard let entry = table.place(module.id).map({ table.modules[$0] }) else { continue }
            if module.state == .active, entry.state != .active {
                unasked[module.id] = "is active and sends, was told to be \(entry.state.rawValue)"
            } else if module.enforcing, !entry.enforcing {
                unasked[module.id] = "drops what comes plain, was told to let it pass"
            }
        }
        return unasked
    }

    /// What reports said, as long as no other report says otherwise.
    func reported(_ sight: MonitorSight, _ now: Timestamp) -> [AlertFinding] {
        var findings: [AlertFinding] = []
        for (id, watch) in watches {
            guard let device = sight.fleet.devices[id] else { continue }
            if !watch.unknown.isEmpty {
                let count = device.table?.modules.count ?? 0
                findings.append(
                    AlertFinding(
                        .moduleUnknown, .device(id), .critical,
                        expected: "\(device.name) runs the \(count) modules of its table, generation "
                            + "\(device.table?.generation ?? .none)",
                        seen: "its tap also runs \(Self.list(watch.unknown)), unknown here"))
            }
            for (module, what) in watch.unasked {
                findings.append(
                    AlertFinding(
                        .customizesUnasked, AlertSubject(device: id, module: module), .critical,
                        expected: "\(device.name) customizes as its table says", seen: "module \(module) \(what)"))
            }
            for (module, oddities) in watch.odd {
                for (oddity, episode) in oddities where now - episode.last < bounds.quietFor {
                    findings.append(Self.finding(oddity, episode, device, module))
                }
            }
        }
        return findings
    }

    private static func finding(
        _ oddity: DeviceWatch.Oddity, _ episode: DeviceWatch.Episode, _ device: DeviceSnapshot, _ module: ModuleID
    ) -> AlertFinding {
        let plan = device.table?.entry(module)?.plan
        let edition = plan.map { "edition \($0.epoch) of \($0.flow)" } ?? "module \(module)"
        let subject = AlertSubject(device: device.device.id, module: module, flow: plan?.flow)
        let since = "since \(episode.since.rfc3339)"
        switch oddity {
        case .forged:
            return AlertFinding(
                .tagForged, subject, .critical,
                expected: "every message with the identification of \(edition) is authentic",
                seen: "\(device.name) received \(episode.count) with a wrong authenticator or label \(since)")
        case .dropped:
            return AlertFinding(
                .tagMissing, subject, .warning,
                expected: "every message to \(device.name) is tagged in \(edition)",
                seen: "\(episode.count) without a tag that it knows were dropped \(since)")
        }
    }

    private static func list(_ modules: [ModuleID]) -> String {
        let named = modules.sorted().prefix(5).map { "module \($0)" }.joined(separator: ", ")
        return modules.count > 5 ? "\(named) and \(modules.count - 5) more" : named
    }
}
