import L45Model

/// `l45 describe intent NAME`.
enum DescribeIntent {
    static func text(
        _ intent: IntentView, rollouts: [RolloutView], modules: [ModuleView], paths: [PathView] = [],
        events: [EventView], now: Timestamp, _ palette: Palette
    ) -> String {
        var sheet = Sheet()
        sheet.field("Intent", "\(intent.name)")
        sheet.field("Ready", intent.ready ? Cell("yes", .good) : Cell("no", .warning))
        sheet.field("Phase", IntentsTable.phase(intent))
        let behind = intent.observedRevision < intent.revision ? ", seen so far \(intent.observedRevision)" : ""
        sheet.field("Revision", "\(intent.revision)\(behind), from \(intent.origin)")
        if let manager = intent.manager { sheet.field("Kept by", manager) }
        sheet.field("Epoch", "\(intent.epoch), since \(Age.ago(intent.epochSince, now))")
        let next =
            intent.schedule?.state == .held
            ? ", held while paused" : intent.rotateNext.map { ", next in \(Age.text($0.timestamp - now))" } ?? ""
        sheet.field("Rotates", intent.rotates.map { "\($0)\(next)" } ?? "by hand alone")
        sheet.field(
            "Devices",
            "\(intent.devicesReady) of \(intent.devices) ready, \(intent.devicesAway) away")
        if let owners = intent.owners, !owners.isEmpty {
            sheet.section("Owners", OwnersTable.table(owners, now: now), palette)
        }
        sheet.section("Conditions", ConditionsTable.table(intent.conditions, now: now), palette)
        sheet.section("Flows", RolloutsTable.table(rollouts, now: now, everyDevice: true), palette)
        sheet.section("Modules", ModulesTable.table(modules, now: now), palette)
        if !paths.isEmpty { sheet.section("Paths", PathsTable.table(paths, now: now), palette) }
        sheet.section("Source", lines(intent.source))
        sheet.section("Events", EventsTable.table(events, now: now), palette)
        return sheet.text(palette)
    }

    private static func lines(_ source: String) -> [String] {
        var lines = source.split(separator: "\n", omittingEmptySubsequences: false).map { Printable.line(String($0)) }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }
}
