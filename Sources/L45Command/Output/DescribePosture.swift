import L45Model

/// `l45 threat-level` and `l45 describe posture NAME`.
enum DescribePosture {
    /// - Parameter events: nil: not shown.
    static func text(_ posture: PostureView, events: [EventView]?, now: Timestamp, _ palette: Palette) -> String {
        var sheet = Sheet()
        sheet.field("Posture", "\(posture.name)")
        sheet.field("Level", Cell("\(posture.level)", posture.isReached ? .good : .warning))
        let by = posture.via == .command ? "'l45 threat-level' of \(posture.by)" : posture.by
        sheet.field("Set by", "\(by), \(Age.ago(posture.since, now))")
        if !posture.level.isSame(as: posture.declared) {
            sheet.field("Document", Cell("says \(posture.declared)", .warning))
        }
        sheet.field("Before", posture.previous.map { "\($0)" } ?? Age.none)
        let took = posture.tookMilliseconds.map { "\(Span.milliseconds($0)) from the word to the last tap" }
        sheet.field("Reached", took ?? "not yet")
        sheet.field("Devices", "\(posture.devicesReady) of \(posture.devices) run it")
        if !posture.held.isEmpty {
            let names = posture.held.map(\.rawValue).joined(separator: ", ")
            sheet.field("Held", Cell("\(names): paused or halted, and not following", .warning))
        }
        if let conditions = posture.conditions {
            sheet.section("Conditions", ConditionsTable.table(conditions, now: now), palette)
        }
        if !posture.waiting.isEmpty { sheet.section("Waits for", posture.waiting.map(RolloutsTable.waiting)) }
        sheet.section("Levels, the lowest first", PostureTable.table([posture], now: now), palette)
        if let events { sheet.section("Events", EventsTable.table(events, now: now), palette) }
        return sheet.text(palette)
    }
}
