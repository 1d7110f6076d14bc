import L45Model

/// `l45 get intents`.
enum IntentsTable {
    static func table(_ intents: [IntentView], now: Timestamp, wide: Bool = false) -> Table {
        var columns = ["NAME", "READY", "PHASE", "EPOCH", "SINCE", "ROTATES", "NEXT", "DEVICES"]
        if wide { columns += ["OWNER", "AWAY", "FLOWS", "REVISION", "ORIGIN"] }
        return Table(
            columns: columns,
            rows: intents.map { intent in
                var row: [Cell] = [
                    Cell("\(intent.name)"),
                    intent.ready ? Cell("yes", .good) : Cell("no", .warning),
                    Cell(phase(intent)),
                    "\(intent.epoch)",
                    .ticking(Age.since(intent.epochSince, now)),
                    Cell(intent.rotates ?? ""),
                    .ticking(Age.until(intent.rotateNext, now)),
                    "\(intent.devicesReady)/\(intent.devices)",
                ]
                if wide {
                    row += [
                        owner(intent), "\(intent.devicesAway)", "\(intent.flows)", "\(intent.revision)",
                        Cell(intent.origin),
                    ]
                }
                return row
            })
    }

    /// Who holds the document.
    private static func owner(_ intent: IntentView) -> Cell {
        let isDrifted = intent.conditions.contains { $0.type == "Drifted" && $0.status == .yes }
        let owner = intent.owner(.document)?.owner ?? intent.manager ?? ""
        return isDrifted ? Cell("\(owner), drifted", .warning) : Cell(owner)
    }

    static func phase(_ intent: IntentView) -> String {
        let phase = intent.phase?.rawValue ?? Age.none
        let notes = [intent.deleting ? "deleting" : nil, intent.paused ? "paused" : nil].compactMap { $0 }
        return notes.isEmpty ? phase : "\(phase) (\(notes.joined(separator: ", ")))"
    }
}
