import L45Model

/// `l45 describe path NAME`.
enum DescribePath {
    static func text(_ path: PathView, events: [EventView], now: Timestamp, _ palette: Palette) -> String {
        var sheet = Sheet()
        sheet.field("Path", "\(path.name)")
        sheet.field("Device", "\(path.deviceName) (\(path.device))")
        sheet.field("Destination", "\(path.destination)")
        sheet.field("Far devices", path.far.isEmpty ? "none of the fleet" : path.far.joined(separator: ", "))
        sheet.field("Probed", "\(path.probe) every \(path.every)")
        let phase = PathsTable.phase(path)
        sheet.field("Phase", Cell("\(phase.text), for \(Age.since(path.since, now))", phase.tone))
        if let generation = GenerationText.cell(path.generationConfirmed, path.generationDecided) {
            sheet.field("Generation", generation)
        }
        if !path.reason.isEmpty { sheet.field("Reason", path.reason) }
        sheet.field("Integrity", Cell(path.integrity ?? "not told", path.isTampered ? .bad : .plain))
        sheet.field("Next look", Age.until(path.nextLook, now))
        sheet.field(
            "Throughput", path.bitsPerSecond.map { "\(PathsTable.rate($0)) when last measured" } ?? "not measured")
        sheet.field("Tolerance", "gates are taken back where it falls by more than \(path.tolerancePercent) %")
        sheet.field("ECN", path.asksECN ? "asked for on a route of ours" : "as the system has it")
        if let names = path.middleboxes {
            sheet.field("Middleboxes", names.isEmpty ? "none is declared to stand here" : names.joined(separator: ", "))
        }
        sheet.section("Problems", path.problems.map { palette.paint(Printable.line($0), .bad) })
        sheet.section("Extensions", extensions(path), palette)
        if let findings = path.findings, !findings.isEmpty {
            sheet.section(
                "Measured, and declared of middleboxes",
                findings.map { palette.paint(Printable.line($0.text), $0.isSurprise ? .warning : .plain) })
        }
        sheet.section("Conditions", conditions(path, now, palette))
        let told = path.compared.map { $0 > 0 ? " (\($0) SYNs told of by both ends)" : "" } ?? ""
        sheet.section("Last SYN, by both ends' word\(told)", farView(path, palette))
        let since = path.gatesSince.map { " (since \(Age.text(now - $0.timestamp)))" } ?? ""
        sheet.section("Gates here\(since)", path.gates.map(\.summary))
        sheet.section("Gates at the far devices", path.farGates.map(\.summary))
        sheet.section("Events", EventsTable.table(events, now: now), palette)
        return sheet.text(palette)
    }

    private static func conditions(_ path: PathView, _ now: Timestamp, _ palette: Palette) -> [String] {
        (path.conditions ?? []).map { condition in
            let since = condition.since.map { ", for \(Age.text(now - $0.timestamp))" } ?? ""
            let text =
                "\(condition.type)=\(condition.status.rawValue) (\(condition.reason)\(since)): \(condition.message)"
            // That somebody lies is bad where it is true, everything else where it is not.
            let bad: Condition.Status = condition.type == "Tampered" ? .yes : .no
            return palette.paint(Printable.line(text), condition.status == bad ? .bad : .plain)
        }
    }

    /// `TCP flags c2 -> 2`, one line each.
    private static func farView(_ path: PathView, _ palette: Palette) -> [String] {
        guard let view = path.farView else { return [] }
        let fields = view.differences.map { palette.paint(Printable.line("\($0)"), .warning) }
        let lies = view.contradictions.map { palette.paint(Printable.line("but in the path: \($0)"), .bad) }
        return (fields.isEmpty ? ["arrived as it was sent"] : fields) + lies
    }

    private static func extensions(_ path: PathView) -> Table {
        let seen = Dictionary(path.sight.map { ($0.subject, $0) }, uniquingKeysWith: { first, _ in first })
        func cell(_ verdict: PathStanding.Verdict?) -> Cell {
            switch verdict {
            case .intact?: Cell("intact", .good)
            case .changed?: Cell("changed", .warning)
            case .unknown?, nil: Cell("unknown", .faint)
            }
        }
        return Table(
            columns: ["EXTENSION", "POLICY", "OUT", "BACK", "GATED"],
            rows: PathExtension.allCases.map { subject in
                [
                    Cell(subject.words), Cell((path.policy[subject.rawValue] ?? .auto).rawValue),
                    cell(seen[subject]?.out), cell(seen[subject]?.back),
                    Cell(path.gated.contains(subject) ? "yes" : "no", path.gated.contains(subject) ? .plain : .faint),
                ]
            })
    }
}
