import L45Model

/// `l45 describe device NAME`.
enum DescribeDevice {
    static func text(
        _ device: DeviceView, modules: [ModuleView], events: [EventView], now: Timestamp, _ palette: Palette
    ) -> String {
        var sheet = Sheet()
        sheet.field("Device", device.name)
        sheet.field("Id", "\(device.id)")
        sheet.field("Labels", DevicesTable.labels(device.labels))
        sheet.field("Addresses", device.addresses.map { "\($0)" }.joined(separator: ", "))
        let since = device.linkSince.map { "\(device.link.rawValue) for \(Age.text(now - $0.timestamp))" }
        sheet.field(
            "Link", Cell(since ?? "never seen since its enrolment", device.link == .connected ? .good : .warning))
        sheet.field("Generation", DevicesTable.generation(device))
        sheet.field("Tap", device.tap.map { tap($0, device.processes) } ?? "")
        sheet.field("Last report", Age.ago(device.lastReport, now))
        sheet.field("Kernel", device.kernelRelease)
        sheet.field("Agent", device.agentVersion)
        if let ports = device.responds, !ports.isEmpty {
            sheet.field(
                "Probes", "answered beside the services on TCP \(ports.map { "\($0)" }.joined(separator: ", "))")
        }
        if let checks = checks(modules) { sheet.field("Security check", checks) }
        if let conditions = device.conditions {
            sheet.section("Conditions", ConditionsTable.table(conditions, now: now), palette)
        }
        sheet.section("Problems", device.problems.map { palette.paint(Printable.line($0), .bad) })
        sheet.section("Modules", ModulesTable.table(modules, now: now), palette)
        sheet.section("Events", EventsTable.table(events, now: now), palette)
        return sheet.text(palette)
    }

    /// nil: it has no module that is checked.
    private static func checks(_ modules: [ModuleView]) -> Cell? {
        let states = modules.compactMap(\.check?.state)
        guard !states.isEmpty else { return nil }
        let verified = states.count { $0 == .verified }
        let text = "\(verified) of \(states.count) modules verified"
        let others: [(CheckView.State, String)] = [
            (.failed, "failed"), (.late, "asked again"),
            (.unchecked, "not checked: its agent can not relay challenges"),
        ]
        let rest = others.compactMap { state, words in
            let count = states.count { $0 == state }
            return count == 0 ? nil : "\(count) \(words)"
        }
        return Cell(
            ([text] + rest).joined(separator: ", "),
            states.contains(.failed) ? .bad : rest.isEmpty ? .plain : .warning)
    }

    private static func tap(_ kind: TapKind, _ processes: Int) -> String {
        switch kind {
        // Every process is under it: the report counts the names of those that a module has met.
        case .kernel: "kernel (l45.ko), tapped sockets in \(processes) programs"
        case .preload, .simulated: "\(kind.rawValue), \(processes) processes"
        }
    }
}
