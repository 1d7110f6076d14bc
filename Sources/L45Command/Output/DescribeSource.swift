import L45Model

/// `l45 describe source NAME`.
enum DescribeSource {
    static func text(_ source: SourceView, events: [EventView], now: Timestamp, _ palette: Palette) -> String {
        var sheet = Sheet()
        sheet.field("Source", source.name)
        sheet.field("Ready", SourcesTable.ready(source))
        sheet.field("Repository", source.url)
        sheet.field("Follows", source.reference + (source.folder.isEmpty ? "" : ", folder \(source.folder)"))
        sheet.field("Looked at", "\(Age.ago(source.lookedAt, now)), every \(source.every)")
        sheet.field("Observed", source.observedRevision ?? Age.none)
        sheet.field("Attempted", source.lastAttemptedRevision ?? Age.none)
        sheet.field("Applied", source.lastAppliedRevision ?? Age.none)
        sheet.field("Policy", policy(source))
        sheet.field("Added", "by \(source.addedBy), \(Age.ago(source.addedAt, now)), for \(source.scope)")
        sheet.section("Conditions", conditions(source.conditions, now), palette)
        if !source.diagnostics.isEmpty { sheet.section("Faults", faults(source.diagnostics)) }
        sheet.section("Intents", intents(source))
        if let devices = source.devices { sheet.section("Devices", Self.devices(devices, source.driftedDevices ?? [])) }
        sheet.section("History", history(source.history, now), palette)
        sheet.section("Events", EventsTable.table(events, now: now), palette)
        return sheet.text(palette)
    }

    private static func policy(_ source: SourceView) -> String {
        var words = [source.prune ? "prunes" : "does not prune", "drift: \(source.drift.rawValue)"]
        words.append(source.allowsForcePush ? "takes force pushes" : "refuses force pushes")
        if let verify = source.verify {
            words.append("\(verify.rawValue) signatures \(source.verifyRequired ? "required" : "looked at")")
        }
        if !source.after.isEmpty { words.append("after \(source.after.joined(separator: ", "))") }
        if source.notes { words.append("writes notes") }
        return words.joined(separator: "; ")
    }

    private static func conditions(_ conditions: [Condition], _ now: Timestamp) -> Table {
        Table(
            columns: ["TYPE", "STATUS", "SINCE", "REASON", "MESSAGE"],
            rows: conditions.map {
                [
                    Cell($0.type), Cell($0.status.rawValue), .ticking(Age.since($0.since, now)), Cell($0.reason),
                    Cell($0.message),
                ]
            })
    }

    private static func faults(_ diagnostics: [String]) -> [String] {
        diagnostics.flatMap { Printable.lines($0).split(separator: "\n", omittingEmptySubsequences: false) }
            .map(String.init)
    }

    private static func intents(_ source: SourceView) -> [String] {
        source.intents.map { "\($0)" + (source.drifted.contains($0) ? " (not as committed)" : "") }
    }

    private static func devices(_ names: [String], _ drifted: [String]) -> [String] {
        let drifted = Set(drifted)
        return names.map { Printable.line($0) + (drifted.contains($0) ? " (labels not as committed)" : "") }
    }

    /// The newest first.
    private static func history(_ history: [SourceRevision], _ now: Timestamp) -> Table {
        Table(
            columns: ["WHEN", "COMMIT", "OUTCOME", "AUTHOR", "SUBJECT", "MESSAGE"],
            rows: history.reversed().map {
                [
                    .ticking(Age.ago($0.at, now)), Cell(String($0.commit.prefix(12))),
                    Cell($0.outcome.rawValue, $0.outcome == .refused ? .bad : .good), Cell($0.author),
                    Cell($0.subject), Cell($0.message),
                ]
            })
    }
}
