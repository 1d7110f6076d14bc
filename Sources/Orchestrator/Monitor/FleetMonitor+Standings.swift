import L45Model
import Reconciler

// What stands in the fleet's own state.
extension FleetMonitor {
    func silence(_ sight: MonitorSight, _ now: Timestamp) -> [AlertFinding] {
        let expected = "a report every \(sight.reportEvery)"
        guard !isBraked else {
            let devices = sight.fleet.devices.values.filter(\.runsSomething)
            let silent = devices.count(where: { !$0.isFresh })
            return [
                AlertFinding(
                    .fleetSilent, .fleet, .critical, expected: "most devices connected, each with \(expected)",
                    seen: "\(silent) of \(devices.count) are silent: nothing moves until most are back")
            ]
        }
        return sight.fleet.devices.values.compactMap { device in
            guard device.runsSomething, let seen = silence(device, sight.reportEvery, now) else { return nil }
            return AlertFinding(
                .agentSilent, .device(device.device.id), .warning, expected: "\(device.name): \(expected)", seen: seen)
        }
    }

    /// Says the same as long as it is so.
    private func silence(_ device: DeviceSnapshot, _ reportEvery: Span, _ now: Timestamp) -> String? {
        switch device.link {
        case .away(let since): now - since >= bounds.silentFor ? "away since \(since.rfc3339)" : nil
        case .connected(let since, reported: false):
            now - since >= bounds.silentFor ? "connected since \(since.rfc3339), without a report" : nil
        case .connected(_, reported: true):
            device.heardAt.flatMap { heard in
                now - heard >= max(bounds.silentFor, .milliseconds(3 * reportEvery.milliseconds))
                    ? "connected, and its last report came at \(heard.rfc3339)" : nil
            }
        }
    }

    func standings(_ sight: MonitorSight) -> [AlertFinding] {
        var findings: [AlertFinding] = []
        for status in sight.fleet.statuses.values {
            guard let halt = status.course?.halt else { continue }
            let edition = status.epoch.map { "edition \($0)" } ?? "the withdrawal"
            findings.append(
                AlertFinding(
                    .rolloutHalted, .flow(status.flow), halt.cause == .errorBudget ? .critical : .warning,
                    expected: "\(edition) of \(status.flow) goes round within its bounds",
                    seen: "halted in \(status.phase.rawValue): \(halt.reason)"))
        }
        for (place, trust) in sight.trusts.trusts where trust.isTampered {
            let standing = sight.paths.devices[place.device]?.report?.standing(place.path)
            findings.append(
                AlertFinding(
                    .pathTampered, AlertSubject(device: place.device, path: place.path), .critical,
                    expected: "what comes back on the path is what its far end saw, and signed with the path's key",
                    seen: trust.condition(standing?.integrity).message))
        }
        for (intent, reason) in sight.misfits {
            findings.append(
                AlertFinding(
                    .intentMisfit, .intent(intent), .warning, expected: "intent \(intent) fits the fleet",
                    seen: "\(reason); its modules stay as they are"))
        }
        for (id, device) in sight.fleet.devices {
            guard device.isFresh, let refusal = device.refusal, refusal.generation == device.table?.generation,
                device.report?.generation != refusal.generation
            else { continue }
            findings.append(
                AlertFinding(
                    .tableRefused, .device(id), .warning,
                    expected: "\(device.name) takes generation \(refusal.generation)",
                    seen: "it refuses: \(refusal.reason)"))
        }
        return findings
    }

    func problems(_ sight: MonitorSight, _ lasting: inout Lasting) {
        for (id, device) in sight.fleet.devices {
            guard device.isFresh, let first = device.report?.problems.first, let count = device.report?.problems.count
            else { continue }
            lasting.add(
                AlertFinding(
                    .deviceProblem, .device(id), .warning, expected: "\(device.name) reports no problem",
                    seen: first + (count > 1 ? " (and \(count - 1) more)" : "")))
        }
    }

    /// Modules that are in force although the intent they were for is gone, and nobody takes them off.
    func strays(_ sight: MonitorSight, _ lasting: inout Lasting) {
        for (id, device) in sight.fleet.devices where device.isFresh {
            for module in device.report?.modules ?? [] where module.state == .active {
                guard let plan = device.table?.place(module.id).flatMap({ device.table?.modules[$0].plan }),
                    !sight.intents.contains(plan.intent), device.plan?.place(module.id) == nil
                else { continue }
                if let phase = sight.fleet.statuses[plan.flow]?.phase, phase != .settled { continue }
                lasting.add(
                    AlertFinding(
                        .customizesUnasked, AlertSubject(device: id, module: module.id), .critical,
                        expected: "\(device.name) customizes what an intent asks for",
                        seen: "module \(module.id) of intent \(plan.intent), which is gone, is active"))
            }
        }
    }

    /// A drain ends when nothing comes any more, so what still comes after twice its bound is sent by somebody who has not
    /// confirmed that he left, since all who were asked have.
    func staleEpochs(_ sight: MonitorSight, _ now: Timestamp) -> [AlertFinding] {
        let bound = sight.fleet.policy.drainBound
        let late = sight.fleet.statuses.values.filter {
            $0.phase == .drain && !$0.paused && now - $0.since >= .milliseconds(2 * bound.milliseconds)
        }
        guard !late.isEmpty else { return [] }
        let since = Dictionary(late.map { ($0.flow, $0.since) }, uniquingKeysWith: { first, _ in first })
        var findings: [AlertFinding] = []
        for (id, device) in sight.fleet.devices where device.isFresh {
            guard let report = device.report, let heard = device.heardAt else { continue }
            for entry in device.table?.modules ?? [] where entry.state == .deprecated {
                guard let left = since[entry.plan.flow], let module = report.module(entry.plan.id),
                    module.receivedAt != .never
                else { continue }
                // By our clock: the device's own difference from its report back.
                let received = heard + (module.receivedAt - report.takenAt)
                guard received >= left + bound else { continue }
                findings.append(
                    AlertFinding(
                        .epochStale, AlertSubject(device: id, module: module.id, flow: entry.plan.flow), .warning,
                        expected: "nobody sends edition \(entry.plan.epoch) of \(entry.plan.flow) since "
                            + "\(left.rfc3339), when its last sender confirmed to have left it",
                        seen:
                            "\(device.name) received \(module.statistics.messagesReceived) messages in it, the last at "
                            + received.rfc3339))
            }
        }
        return findings
    }
}
