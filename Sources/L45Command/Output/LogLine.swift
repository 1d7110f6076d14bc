import L45Model

/// An event as a line of a log: `2026-11-21T03:00:14.123Z warning device/resolver-1 device went away epoch=4`.
enum LogLine {
    /// - Parameter names: of devices, by id.
    static func text(_ event: EventView, names: [String: String], _ palette: Palette) -> String {
        let tone: Tone =
            switch event.severity {
            case .info: .plain
            case .warning: .warning
            case .alert: .bad
            }
        var subject = event.subject
        if let id = device(of: subject), let name = names[id], let range = subject.ranges(of: "/\(id)").first {
            subject.replaceSubrange(range, with: "/\(name)")
        }
        let facts = EventsTable.facts(event.facts)
        let parts = [
            palette.paint("\(event.at)", .faint), palette.paint(event.severity.rawValue, tone), Printable.line(subject),
            Printable.line(event.message), Printable.line(facts),
        ]
        return parts.filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// The id in `device/ID` and `path/ID/...`.
    static func device(of subject: String) -> String? {
        let parts = subject.split(separator: "/")
        guard parts.count > 1, parts[0] == "device" || parts[0] == "path" else { return nil }
        return String(parts[1])
    }
}
