import L45Model

extension WireDeviceReport {
    static let problemsMax = 64
    static let problemBytesMax = 1024

    init(_ report: DeviceReport) {
        device = report.device.rawValue
        takenAtMs = report.takenAt.rawValue
        bootID = report.bootID
        tap = WireTapKind(report.tap)
        generation = report.generation.rawValue
        if let digest = report.tableDigest { tableDigest = digest.hex }
        modules = report.modules.map(WireModuleReport.init)
        processes = Int64(report.processes)
        problems = report.problems
    }

    func value() throws(WireError) -> DeviceReport {
        var reports: [ModuleReport] = []
        for (at, module) in try WireCheck.list(modules, "modules", max: WireDeviceTable.modulesMax).enumerated() {
            reports.append(try WireError.at("modules[\(at)]") { () throws(WireError) in try module.value() })
        }
        try WireCheck.distinct(reports.lazy.map(\.id.rawValue), "modules")
        return DeviceReport(
            device: try WireCheck.device(device), takenAt: try WireCheck.timestamp(takenAtMs, "taken_at_ms"),
            bootID: try WireCheck.text(bootID, "boot_id", max: 64), tap: try tap.value("tap"),
            generation: try WireCheck.generation(generation),
            tableDigest: hasTableDigest ? try WireCheck.digest(tableDigest, "table_digest") : nil, modules: reports,
            processes: try WireCheck.count(processes, "processes", in: 0...Int64(Int32.max)),
            problems: problems.prefix(Self.problemsMax).map { WireCheck.prose($0, max: Self.problemBytesMax) })
    }
}

extension WireModuleReport {
    static let filledInMax = 256

    init(_ report: ModuleReport) {
        id = report.id.rawValue
        state = WireModuleState(report.state)
        enforcing = report.enforcing
        sockets = Int64(report.sockets)
        streamsInDialect = Int64(report.streamsInDialect)
        streamsLeftPlain = Int64(report.streamsLeftPlain)
        activeAtMs = report.activeAt.rawValue
        sentAtMs = report.sentAt.rawValue
        receivedAtMs = report.receivedAt.rawValue
        statistics = WireModuleStatistics(report.statistics)
        filledIn = report.filledIn
    }

    func value() throws(WireError) -> ModuleReport {
        let counts: ClosedRange<Int64> = 0...Int64(Int32.max)
        return ModuleReport(
            id: ModuleID(id), state: try state.value(), enforcing: enforcing,
            sockets: try WireCheck.count(sockets, "sockets", in: counts),
            streamsInDialect: try WireCheck.count(streamsInDialect, "streams_in_dialect", in: counts),
            streamsLeftPlain: try WireCheck.count(streamsLeftPlain, "streams_left_plain", in: counts),
            activeAt: try WireCheck.timestamp(activeAtMs, "active_at_ms"),
            sentAt: try WireCheck.timestamp(sentAtMs, "sent_at_ms"),
            receivedAt: try WireCheck.timestamp(receivedAtMs, "received_at_ms"),
            statistics: try WireError.at("statistics") { () throws(WireError) in try statistics.value() },
            filledIn: filledIn.prefix(Self.filledInMax).map { WireCheck.prose($0, max: 255) })
    }
}

extension WireModuleStatistics {
    init(_ statistics: ModuleStatistics) {
        messagesSent = statistics.messagesSent
        messagesReceived = statistics.messagesReceived
        bytesSent = statistics.bytesSent
        bytesReceived = statistics.bytesReceived
        skipped = statistics.skipped
        passedPlain = statistics.passedPlain
        dropped = statistics.dropped
        forged = statistics.forged
    }

    func value() throws(WireError) -> ModuleStatistics {
        var value = ModuleStatistics()
        value.messagesSent = try WireCheck.counter(messagesSent, "messages_sent")
        value.messagesReceived = try WireCheck.counter(messagesReceived, "messages_received")
        value.bytesSent = try WireCheck.counter(bytesSent, "bytes_sent")
        value.bytesReceived = try WireCheck.counter(bytesReceived, "bytes_received")
        value.skipped = try WireCheck.counter(skipped, "skipped")
        value.passedPlain = try WireCheck.counter(passedPlain, "passed_plain")
        value.dropped = try WireCheck.counter(dropped, "dropped")
        value.forged = try WireCheck.counter(forged, "forged")
        return value
    }
}

extension WireTapKind {
    init(_ kind: TapKind) {
        switch kind {
        case .preload: self = .preload
        case .kernel: self = .kernel
        case .simulated: self = .simulated
        }
    }

    func value(_ field: String) throws(WireError) -> TapKind {
        switch self {
        case .preload: .preload
        case .kernel: .kernel
        case .simulated: .simulated
        case .unspecified, .UNRECOGNIZED: throw WireCheck.unknown(field, rawValue)
        }
    }
}
