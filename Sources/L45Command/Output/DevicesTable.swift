import L45Model

/// `l45 get devices`.
enum DevicesTable {
    static func table(_ devices: [DeviceView], now: Timestamp, wide: Bool = false) -> Table {
        var columns = ["NAME", "ID", "LINK", "SINCE", "GENERATION", "MODULES", "LABELS", "PROBLEMS"]
        if wide { columns += ["TAP", "PROCESSES", "ADDRESSES", "REPORT", "KERNEL", "AGENT", "DECLARED"] }
        return Table(
            columns: columns,
            rows: devices.map { device in
                var row: [Cell] = [
                    Cell(device.name),
                    Cell(wide ? "\(device.id)" : String("\(device.id)".prefix(12))),
                    Cell(device.link.rawValue, device.link == .connected ? .good : .warning),
                    .ticking(Age.since(device.linkSince, now)),
                    generation(device),
                    "\(device.modules)",
                    Cell(labels(device.labels)),
                    problems(device.problems),
                ]
                if wide {
                    row += [
                        Cell(device.tap?.rawValue ?? ""),
                        "\(device.processes)",
                        Cell(device.addresses.map { "\($0)" }.joined(separator: ",")),
                        .ticking(Age.since(device.lastReport, now)),
                        Cell(device.kernelRelease),
                        Cell(device.agentVersion),
                        declared(device),
                    ]
                }
                return row
            })
    }

    /// `7`, or `6, wants 7` while its tap is not there yet.
    static func generation(_ device: DeviceView) -> Cell {
        GenerationText.cell(device.generationConfirmed, device.generationDecided) ?? Cell("")
    }

    /// By which files and git sources; nothing when none names any device.
    private static func declared(_ device: DeviceView) -> Cell {
        guard let names = device.declaredBy else { return Cell("", .faint) }
        guard !names.isEmpty else { return Cell("no", .warning) }
        let isDrifted = device.conditions?.contains { $0.type == "Declared" && $0.reason == "Drifted" } ?? false
        return Cell(names.joined(separator: ",") + (isDrifted ? " (drifted)" : ""), isDrifted ? .warning : .plain)
    }

    static func labels(_ labels: [String: String]) -> String {
        labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    private static func problems(_ problems: [String]) -> Cell {
        guard let first = problems.first else { return Cell("", .faint) }
        return Cell(problems.count == 1 ? first : "\(first) (and \(problems.count - 1) more)", .bad)
    }
}
