import L45Model

extension WirePathReport {
    init(_ report: PathReport) {
        device = report.device.rawValue
        takenAtMs = report.takenAt.rawValue
        taken = report.taken.rawValue
        inForce = report.inForce.rawValue
        paths = report.paths.map(WirePathStanding.init)
        problems = report.problems
    }

    func value() throws(WireError) -> PathReport {
        var standings: [PathStanding] = []
        for (at, path) in try WireCheck.list(paths, "paths", max: PathTable.pathsMax).enumerated() {
            standings.append(try WireError.at("paths[\(at)]") { () throws(WireError) in try path.value() })
        }
        return PathReport(
            device: try WireCheck.device(device), takenAt: try WireCheck.timestamp(takenAtMs, "taken_at_ms"),
            taken: try WireCheck.generation(taken, "taken"), inForce: try WireCheck.generation(inForce, "in_force"),
            paths: standings,
            problems: problems.prefix(WireDeviceReport.problemsMax).map {
                WireCheck.prose($0, max: WireDeviceReport.problemBytesMax)
            })
    }
}

extension WirePathStanding {
    init(_ standing: PathStanding) {
        name = standing.name.rawValue
        phase = WirePathPhase(standing.phase)
        sinceMs = standing.since.rawValue
        nextAtMs = standing.nextAt.rawValue
        sight = standing.sight.map { seen in
            var each = WirePathSight()
            each.subject = WirePathExtension(seen.subject)
            each.out = WirePathVerdict(seen.out)
            each.back = WirePathVerdict(seen.back)
            return each
        }
        here = standing.here.map(WirePathGate.init)
        there = standing.there.map(WirePathGate.init)
        wanted = standing.wanted.map(WirePathGate.init)
        isWaiting = standing.isWaiting
        asksEcn = standing.asksECN
        heldSinceMs = standing.heldSince.rawValue
        if let rate = standing.rate { self.rate = rate }
        reason = standing.reason
        if let integrity = standing.integrity { self.integrity = WirePathIntegrity(integrity) }
    }

    func value() throws(WireError) -> PathStanding {
        var seen: [PathStanding.Sight] = []
        for each in try WireCheck.list(sight, "sight", max: 64) {
            seen.append(
                PathStanding.Sight(
                    try each.subject.value("sight"), out: try each.out.value("out"), back: try each.back.value("back"))
            )
        }
        // JSON has no word for what is no number, and it is stored as such.
        guard !hasRate || (rate.isFinite && rate >= 0) else { throw WireError("rate", "\(rate) is none") }
        return PathStanding(
            name: try WirePathPlan.name(name, "name"), phase: try phase.value(),
            since: try WireCheck.timestamp(sinceMs, "since_ms"),
            nextAt: try WireCheck.timestamp(nextAtMs, "next_at_ms"), sight: seen,
            here: try WirePathGate.list(here, "here"), there: try WirePathGate.list(there, "there"),
            wanted: try WirePathGate.list(wanted, "wanted"), isWaiting: isWaiting, asksECN: asksEcn,
            heldSince: try WireCheck.timestamp(heldSinceMs, "held_since_ms"), rate: hasRate ? rate : nil,
            reason: WireCheck.prose(reason, max: WireDeviceReport.problemBytesMax),
            integrity: hasIntegrity
                ? try WireError.at("integrity") { () throws(WireError) in try integrity.value() } : nil)
    }
}

extension WirePathPhase {
    init(_ phase: PathStanding.Phase) {
        switch phase {
        case .new: self = .new
        case .clear: self = .clear
        case .gated: self = .gated
        case .rolledBack: self = .rolledBack
        case .blind: self = .blind
        case .failed: self = .failed
        case .probing: self = .probing
        case .weighing: self = .weighing
        case .gating: self = .gating
        case .confirming: self = .confirming
        case .comparing: self = .comparing
        case .rollingBack: self = .rollingBack
        case .healing: self = .healing
        case .renewing: self = .renewing
        }
    }

    func value() throws(WireError) -> PathStanding.Phase {
        switch self {
        case .new: .new
        case .clear: .clear
        case .gated: .gated
        case .rolledBack: .rolledBack
        case .blind: .blind
        case .failed: .failed
        case .probing: .probing
        case .weighing: .weighing
        case .gating: .gating
        case .confirming: .confirming
        case .comparing: .comparing
        case .rollingBack: .rollingBack
        case .healing: .healing
        case .renewing: .renewing
        case .unspecified, .UNRECOGNIZED: throw WireCheck.unknown("phase", rawValue)
        }
    }
}

extension WirePathVerdict {
    init(_ verdict: PathStanding.Verdict) {
        switch verdict {
        case .intact: self = .intact
        case .changed: self = .changed
        case .unknown: self = .unknown
        }
    }

    func value(_ field: String) throws(WireError) -> PathStanding.Verdict {
        switch self {
        case .intact: .intact
        case .changed: .changed
        case .unknown: .unknown
        case .unspecified, .UNRECOGNIZED: throw WireCheck.unknown(field, rawValue)
        }
    }
}
