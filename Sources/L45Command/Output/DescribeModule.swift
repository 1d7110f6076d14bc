import L45Model

/// `l45 describe module ID`.
enum DescribeModule {
    static func text(_ module: ModuleView, now: Timestamp, _ palette: Palette) -> String {
        var sheet = Sheet()
        let counts = module.statistics
        sheet.field("Module", "\(module.id)")
        sheet.field("Device", "\(module.deviceName) (\(module.device))")
        sheet.field("Flow", "\(module.flow) of intent \(module.intent), epoch \(module.epoch), \(module.role.rawValue)")
        sheet.field("State", ModulesTable.state(module))
        if let generation = GenerationText.cell(module.generationConfirmed, module.generationDecided) {
            sheet.field("Generation", generation)
        }
        let isTest = module.underTest == true
        if isTest { sheet.field("Under test", "yes: it customizes nothing, and counts what it would have customized") }
        sheet.field("Enforcing", module.enforcing ? "yes, what arrives plain is dropped" : "no")
        sheet.field("Socket", module.tapSocket)
        sheet.field("Dialect", module.dialect)
        sheet.field("Attaches to", module.attach == .all ? "open and new sockets" : "new sockets alone")
        sheet.field("Priority", "\(module.priority)")
        sheet.field("Sockets", "\(module.sockets)")
        sheet.field("Streams", "\(module.streamsInDialect) in the dialect, \(module.streamsLeftPlain) left plain")
        sheet.field("Active", Age.ago(module.activeAt, now))
        sheet.field(
            isTest ? "Would send" : "Sent",
            "\(counts.messagesSent) messages, \(counts.bytesSent) bytes, \(Age.ago(module.sentAt, now))")
        sheet.field(
            isTest ? "Would receive" : "Received",
            "\(counts.messagesReceived) messages, \(counts.bytesReceived) bytes, \(Age.ago(module.receivedAt, now))")
        sheet.field("Not ours", "\(counts.skipped) to the next module, \(counts.passedPlain) handed over plain")
        sheet.field("Dropped", "\(counts.dropped) plain")
        sheet.field("Forged", Cell("\(counts.forged)", counts.forged == 0 ? .plain : .bad))
        if let check = module.check { sheet.field("Security check", self.check(check, now)) }
        if let conditions = module.conditions {
            sheet.section("Conditions", ConditionsTable.table(conditions, now: now), palette)
        }
        sheet.section("Latest flows", module.filledIn.map(Printable.line))
        return sheet.text(palette)
    }

    private static func check(_ check: CheckView, _ now: Timestamp) -> Cell {
        let every = "asked every \(check.window)"
        return switch check.state {
        case .verified: Cell("verified \(Age.ago(check.verifiedAt, now)), \(check.step) in a row; \(every)", .good)
        case .waiting: Cell("not verified yet; \(every)")
        case .late: Cell("asked again, last verified \(Age.ago(check.verifiedAt, now)); \(every)", .warning)
        case .failed: Cell("failed; being revoked", .bad)
        case .unchecked: Cell("not checked: its agent can not relay challenges", .warning)
        }
    }
}
