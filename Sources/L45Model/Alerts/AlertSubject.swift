/// What an alert is about. Equal subjects of one kind are one alert.
package struct AlertSubject: Hashable, Codable, Sendable, CustomStringConvertible {
    package var device: DeviceID?
    package var module: ModuleID?
    package var flow: FlowName?
    package var path: PathName?
    /// Anything else, `sink/syslog`, `token/4f2a`, `intent/dns`; `fleet` for all of it.
    package var other: String?

    package init(
        device: DeviceID? = nil, module: ModuleID? = nil, flow: FlowName? = nil, path: PathName? = nil,
        other: String? = nil
    ) {
        self.device = device
        self.module = module
        self.flow = flow
        self.path = path
        self.other = other
    }

    package static let fleet = AlertSubject(other: "fleet")
    package static func device(_ id: DeviceID) -> AlertSubject { AlertSubject(device: id) }
    package static func flow(_ name: FlowName) -> AlertSubject { AlertSubject(flow: name) }
    package static func intent(_ name: IntentName) -> AlertSubject { AlertSubject(other: "intent/\(name)") }

    /// `device/3f… module/2a…`: what is given, in the order of the fields.
    package var description: String {
        let parts = [
            device.map { "device/\($0)" }, module.map { "module/\($0)" }, flow.map { "flow/\($0)" },
            path.map { "path/\($0)" }, other,
        ].compactMap { $0 }
        return parts.isEmpty ? "fleet" : parts.joined(separator: " ")
    }
}

/// By which alerts are the same.
package struct AlertKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let kind: AlertKind
    package let subject: AlertSubject

    package init(_ kind: AlertKind, _ subject: AlertSubject) {
        self.kind = kind
        self.subject = subject
    }

    package var description: String { "\(kind) \(subject)" }
    package static func < (a: AlertKey, b: AlertKey) -> Bool { a.description < b.description }
}
