import Foundation
import L45Model

/// Alerts as the system's logs take them.
enum SyslogForm {
    /// `daemon` (RFC 5424, table 1).
    private static let facility = 3
    private static let program = "l45-nco"
    /// RFC 5424 wants an enterprise number for fields of one's own; this is the one that is kept for examples (RFC 5612).
    private static let fieldsID = "l45@32473"
    private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

    /// RFC 5424, section 6: `<26>1 TIME HOST l45-nco PID opened [l45@32473 id="12" ...] TEXT`.
    static func syslog(
        _ delivery: AlertDelivery, host: String = ProcessInfo.processInfo.hostName, process: Int32 = getpid()
    ) -> [UInt8] {
        let named = fields(delivery).map { " \($0.key)=\"\(escaped($0.value))\"" }.joined()
        let head =
            "<\(facility * 8 + priority(delivery))>1 \(delivery.at) \(header(host, max: 255)) \(program) \(process) "
            + "\(delivery.what.rawValue) [\(fieldsID)\(named)] "
        let text = Alert.cut(delivery.text)
        let isASCII = text.utf8.allSatisfy { $0 < 0x80 }
        return Array(head.utf8) + (isASCII ? [] : byteOrderMark) + Array(text.utf8)
    }

    /// A line for each field (systemd, "Native Journal Protocol"); no value has a line end in it.
    static func journal(_ delivery: AlertDelivery) -> [UInt8] {
        var lines = [
            "MESSAGE=\(Alert.cut(delivery.text))", "PRIORITY=\(priority(delivery))", "SYSLOG_FACILITY=\(facility)",
            "SYSLOG_IDENTIFIER=\(program)", "L45_WHAT=\(delivery.what.rawValue)",
        ]
        lines += fields(delivery).map { "L45_\($0.key.uppercased())=\(Alert.cut($0.value))" }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    /// RFC 5424, table 2.
    private static func priority(_ delivery: AlertDelivery) -> Int {
        guard delivery.what == .opened || delivery.what == .worsened || delivery.alert == nil else { return 5 }
        return switch delivery.severity {
        case .notice: 5
        case .warning: 4
        case .critical: 2
        }
    }

    private static func fields(_ delivery: AlertDelivery) -> [(key: String, value: String)] {
        var fields: [(key: String, value: String)] = []
        func add(_ key: String, _ value: String?) { if let value, !value.isEmpty { fields.append((key, value)) } }
        add("kind", delivery.kind?.rawValue)
        add("id", delivery.alert?.id.description)
        add("severity", delivery.alert?.severity.rawValue)
        add("state", delivery.alert?.state.rawValue)
        add("device", delivery.alert?.device?.rawValue)
        add("module", delivery.alert?.module?.description)
        add("flow", delivery.alert?.flow?.rawValue)
        add("path", delivery.alert?.path?.rawValue)
        add("about", delivery.alert?.other)
        add("count", (delivery.alert?.count ?? delivery.count).map { "\($0)" })
        return fields
    }

    /// RFC 5424, section 6.3.3.
    private static func escaped(_ value: String) -> String {
        Alert.cut(value).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("]", with: "\\]")
    }

    /// Printable ASCII without blanks, `-` for none.
    private static func header(_ text: String, max: Int) -> String {
        let kept = text.utf8.filter { (33...126).contains($0) }.prefix(max)
        return kept.isEmpty ? "-" : String(decoding: kept, as: UTF8.self)
    }
}
