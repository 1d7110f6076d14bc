import L45Model

extension WireDeviceFacts {
    init(_ facts: DeviceFacts) {
        name = facts.name
        labels = facts.labels
        addresses = facts.addresses.map(\.description)
        taps = facts.taps.map(WireTapKind.init)
        kernelRelease = facts.kernelRelease
        agentVersion = facts.agentVersion
        responds = (facts.responds ?? []).map(UInt32.init)
    }

    func value() throws(WireError) -> DeviceFacts {
        var blocks: [AddressBlock] = []
        for (at, text) in try WireCheck.list(addresses, "addresses", max: 256).enumerated() {
            blocks.append(try WireEndpoint.block(text, "addresses[\(at)]"))
        }
        // A kind of tap that is newer than this end is left out: it can not be used from here anyway.
        var kinds: [TapKind] = []
        for kind in try WireCheck.list(taps, "taps", max: 16) {
            if case .UNRECOGNIZED = kind { continue }
            kinds.append(try kind.value("taps"))
        }
        var ports: [UInt16] = []
        for number in try WireCheck.list(responds, "responds", max: 256) {
            guard let port = UInt16(exactly: number), port > 0 else {
                throw WireError("responds", "\(number) where 1 to 65535 are allowed")
            }
            ports.append(port)
        }
        return DeviceFacts(
            name: try WireCheck.text(name, "name", min: 1, max: 255),
            labels: try WireCheck.dictionary(labels, "labels", max: 64, valueBytesMax: 255), addresses: blocks,
            taps: kinds, kernelRelease: try WireCheck.text(kernelRelease, "kernel_release", max: 128),
            agentVersion: try WireCheck.text(agentVersion, "agent_version", max: 128),
            responds: ports.isEmpty ? nil : ports)
    }
}

extension WireHello {
    init(_ hello: AgentHello, protocols: ClosedRange<UInt32>) {
        protocolMin = protocols.lowerBound
        protocolMax = protocols.upperBound
        facts = WireDeviceFacts(hello.facts)
        bootID = hello.bootID
        ledgerGeneration = hello.ledgerGeneration.rawValue
        if let generation = hello.pathGeneration { pathGeneration = generation.rawValue }
        if let tag = hello.pathKeysTag { pathKeysTag = tag }
        answersChallenges = hello.answersChallenges
        trusts = hello.trusts.map(\.hex)
    }

    func value() throws(WireError) -> AgentHello {
        guard hasFacts else { throw WireError("facts", "they are missing") }
        return AgentHello(
            facts: try WireError.at("facts") { () throws(WireError) in try facts.value() },
            bootID: try WireCheck.text(bootID, "boot_id", max: 64),
            ledgerGeneration: try WireCheck.generation(ledgerGeneration, "ledger_generation"),
            pathGeneration: hasPathGeneration
                ? try WireCheck.generation(pathGeneration, "path_generation") : nil,
            pathKeysTag: hasPathKeysTag ? try WirePathKeys.tag(pathKeysTag) : nil,
            answersChallenges: answersChallenges,
            trusts: try WireTrust.fingerprints(trusts, "trusts"))
    }

    /// - Returns: an empty range, 0 to 0, when the bounds are the wrong way round: it matches no version.
    static func protocols(_ min: UInt32, _ max: UInt32) -> ClosedRange<UInt32> {
        min <= max ? min...max : 0...0
    }
}

extension WireEvent {
    init(_ event: Event) {
        atMs = event.at.rawValue
        switch event.severity {
        case .info: severity = .info
        case .warning: severity = .warning
        case .alert: severity = .alert
        }
        subject = event.subject
        message = event.message
        facts = event.facts
    }

    func value() throws(WireError) -> Event {
        let level: Event.Severity
        switch severity {
        case .info: level = .info
        case .warning: level = .warning
        case .alert: level = .alert
        case .unspecified, .UNRECOGNIZED: throw WireCheck.unknown("severity", severity.rawValue)
        }
        return Event(
            at: try WireCheck.timestamp(atMs, "at_ms"), severity: level,
            subject: try WireCheck.text(subject, "subject", max: 255),
            message: try WireCheck.text(message, "message", min: 1, max: 255),
            facts: try WireCheck.dictionary(facts, "facts", max: 64, valueBytesMax: 4096))
    }
}
