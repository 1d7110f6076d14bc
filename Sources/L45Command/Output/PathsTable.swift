import L45Model

/// `l45 get paths`.
enum PathsTable {
    static func table(_ paths: [PathView], now: Timestamp, wide: Bool = false) -> Table {
        var columns = ["DEVICE", "PATH", "PHASE", "SINCE", "CHANGED", "GATES", "NEXT LOOK"]
        if wide { columns += ["CONFIRMED", "RATE", "PROBE", "FAR", "MIDDLEBOXES", "REASON"] }
        return Table(
            columns: columns,
            rows: paths.map { path in
                var row: [Cell] = [
                    Cell(path.deviceName), Cell("\(path.name)"), phase(path),
                    .ticking(Age.since(path.since, now)),
                    Cell(words(path.changed), path.changed.isEmpty ? .faint : .warning),
                    Cell(gates(path), path.gated.isEmpty && !path.asksECN ? .faint : .plain),
                    .ticking(Age.until(path.nextLook, now)),
                ]
                if wide {
                    row += [
                        ConditionsTable.cell(path.conditions, "Confirmed"),
                        .ticking(path.bitsPerSecond.map(rate) ?? ""), Cell(path.probe),
                        Cell(path.far.joined(separator: ", ")), middleboxes(path), Cell(reason(path)),
                    ]
                }
                return row
            })
    }

    static func phase(_ path: PathView) -> Cell {
        guard let phase = path.phase else { return Cell("not reported", .warning) }
        let tone: Tone =
            switch phase {
            case .clear, .gated: .good
            case .rolledBack, .blind: .warning
            case .failed: .bad
            default: .plain
            }
        if path.isTampered { return Cell("\(phase.rawValue), tampered", .bad) }
        return Cell(phase.rawValue, path.problems.isEmpty ? tone : .warning)
    }

    /// What the path has against it: a word of its own, or of its device.
    static func reason(_ path: PathView) -> String { path.reason.isEmpty ? path.problems.first ?? "" : path.reason }

    /// Those that are declared to stand there, and whether what was measured agrees.
    static func middleboxes(_ path: PathView) -> Cell {
        guard let names = path.middleboxes else { return Cell("", .faint) }
        let surprises = (path.findings ?? []).filter(\.isSurprise)
        let said = names.isEmpty ? "none declared" : names.joined(separator: ", ")
        return surprises.isEmpty
            ? Cell(said, names.isEmpty ? .faint : .plain)
            : Cell("\(said) (\(counted(surprises.count, "surprise")))", .warning)
    }

    static func words(_ subjects: [PathExtension]) -> String { subjects.map(\.words).joined(separator: ", ") }

    private static func gates(_ path: PathView) -> String {
        (path.gated.map(\.words) + (path.asksECN ? ["asks for ecn"] : [])).joined(separator: ", ")
    }

    /// `940 Mbit/s`, three digits.
    static func rate(_ bitsPerSecond: Double) -> String {
        var value = max(0, bitsPerSecond)
        for unit in ["bit/s", "kbit/s", "Mbit/s"] {
            if value < 999.5 { return "\(short(value)) \(unit)" }
            value /= 1000
        }
        return "\(short(value)) Gbit/s"
    }

    private static func short(_ value: Double) -> String {
        guard value < 99.95 else { return "\(Int(min(value, 1e15).rounded()))" }
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
