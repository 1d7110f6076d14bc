import L45Model

extension WirePathTable {
    init(_ table: PathTable) {
        device = table.device.rawValue
        generation = table.generation.rawValue
        paths = table.paths.map(WirePathPlan.init)
        answers = table.answers.map(WirePathAnswer.init)
        accepted = table.accepted.map(WireAcceptedGates.init)
    }

    func value() throws(WireError) -> PathTable {
        var plans: [PathPlan] = []
        for (at, path) in try WireCheck.list(paths, "paths", max: PathTable.pathsMax).enumerated() {
            plans.append(try WireError.at("paths[\(at)]") { () throws(WireError) in try path.value() })
        }
        var ports: [PathAnswer] = []
        for (at, answer) in try WireCheck.list(answers, "answers", max: PathTable.answersMax).enumerated() {
            ports.append(try WireError.at("answers[\(at)]") { () throws(WireError) in try answer.value() })
        }
        var gates: [AcceptedGates] = []
        for (at, each) in try WireCheck.list(accepted, "accepted", max: PathTable.acceptedMax).enumerated() {
            gates.append(try WireError.at("accepted[\(at)]") { () throws(WireError) in try each.value() })
        }
        var seen: Set<PathName> = []
        for plan in plans where !seen.insert(plan.name).inserted {
            throw WireError("paths", "path \(plan.name) stands in it twice")
        }
        return PathTable(
            device: try WireCheck.device(device), generation: try WireCheck.generation(generation), paths: plans,
            answers: ports, accepted: gates)
    }
}

extension WirePathPlan {
    static let farMax = 1024

    init(_ plan: PathPlan) {
        intent = plan.intent.rawValue
        destination = plan.destination.description
        policy = WirePathPolicy(plan.policy)
        probe = plan.probe.description
        port = UInt32(plan.port)
        if let ratePort = plan.ratePort { self.ratePort = UInt32(ratePort) }
        far = plan.far.map(\.rawValue)
    }

    func value() throws(WireError) -> PathPlan {
        var devices: [DeviceID] = []
        for text in try WireCheck.list(far, "far", max: Self.farMax) {
            devices.append(try WireCheck.device(text, "far"))
        }
        let address = try WireEndpoint.block(probe, "probe")
        guard address.prefixBits == 128 else { throw WireError("probe", "\(address) is a block, not one address") }
        return PathPlan(
            intent: IntentName(try WireCheck.text(intent, "intent", min: 1, max: 63)),
            destination: try WireEndpoint.block(destination, "destination"),
            policy: try WireError.at("policy") { () throws(WireError) in try policy.value() }, probe: address,
            port: try Self.port(port, "port"),
            ratePort: hasRatePort ? try Self.port(ratePort, "rate_port") : nil, far: devices)
    }

    static func port(_ number: UInt32, _ field: String) throws(WireError) -> UInt16 {
        guard let port = UInt16(exactly: number), port > 0 else {
            throw WireError(field, "\(number) where 1 to 65535 are allowed")
        }
        return port
    }

    /// `INTENT/BLOCK`.
    static func name(_ text: String, _ field: String) throws(WireError) -> PathName {
        PathName(try WireCheck.text(text, field, min: 3, max: 128))
    }
}

extension WirePathPolicy {
    init(_ policy: PathPolicy) {
        treatments = policy.treatments.sorted { $0.key < $1.key }.map { subject, treatment in
            var each = WirePathTreatment()
            each.subject = WirePathExtension(subject)
            each.treatment = WireTreatment(treatment)
            return each
        }
        mssBytes = Int64(policy.mssBytes)
        retestEveryMs = policy.retestEvery.milliseconds
        tolerancePercent = Int64(policy.tolerancePercent)
    }

    func value() throws(WireError) -> PathPolicy {
        var found: [PathExtension: PathPolicy.Treatment] = [:]
        for each in try WireCheck.list(treatments, "treatments", max: 64) {
            found[try each.subject.value("treatments")] = try each.treatment.value()
        }
        let every = try WireCheck.span(retestEveryMs, "retest_every_ms")
        guard PathPolicy.retestRange.contains(every) else {
            throw WireError("retest_every_ms", "\(every) where \(PathPolicy.retestRange) is allowed")
        }
        return PathPolicy(
            treatments: found,
            mssBytes: try WireCheck.count(
                mssBytes, "mss_bytes",
                in: Int64(PathPolicy.mssRange.lowerBound)...Int64(PathPolicy.mssRange.upperBound)),
            retestEvery: every,
            tolerancePercent: try WireCheck.count(
                tolerancePercent, "tolerance_percent",
                in: Int64(PathPolicy.toleranceRange.lowerBound)...Int64(PathPolicy.toleranceRange.upperBound)))
    }
}

extension WireTreatment {
    init(_ treatment: PathPolicy.Treatment) {
        switch treatment {
        case .auto: self = .auto
        case .allow: self = .allow
        case .deny: self = .deny
        case .proven: self = .proven
        }
    }

    func value() throws(WireError) -> PathPolicy.Treatment {
        switch self {
        case .auto: .auto
        case .allow: .allow
        case .deny: .deny
        case .proven: .proven
        case .unspecified, .UNRECOGNIZED: throw WireCheck.unknown("treatment", rawValue)
        }
    }
}

extension WirePathAnswer {
    init(_ answer: PathAnswer) {
        port = UInt32(answer.port)
        ratePort = UInt32(answer.ratePort)
        openers = answer.openers.map(\.description)
    }

    func value() throws(WireError) -> PathAnswer {
        PathAnswer(
            port: try WirePathPlan.port(port, "port"), ratePort: try WirePathPlan.port(ratePort, "rate_port"),
            openers: try WireAcceptedGates.blocks(openers, "openers"))
    }
}

extension WireAcceptedGates {
    static let blocksMax = 65_536

    init(_ gates: AcceptedGates) {
        path = gates.path.rawValue
        opener = gates.opener.rawValue
        sources = gates.sources.map(\.description)
        if let destination = gates.destination { self.destination = destination.description }
        self.gates = gates.gates.map(WirePathGate.init)
    }

    func value() throws(WireError) -> AcceptedGates {
        AcceptedGates(
            path: try WirePathPlan.name(path, "path"), opener: try WireCheck.device(opener, "opener"),
            sources: try Self.blocks(sources, "sources"),
            destination: hasDestination ? try WireEndpoint.block(destination, "destination") : nil,
            gates: try WirePathGate.list(gates, "gates"))
    }

    static func blocks(_ texts: [String], _ field: String) throws(WireError) -> [AddressBlock] {
        var blocks: [AddressBlock] = []
        for text in try WireCheck.list(texts, field, max: blocksMax) {
            blocks.append(try WireEndpoint.block(text, field))
        }
        return blocks
    }
}
