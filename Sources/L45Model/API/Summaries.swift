// One-line texts for people. Nothing reads them back.

extension TapSocket {
    /// `udp dig/* any > 192.0.2.53:53`: transport, application when not any, local end, peers.
    package var summary: String {
        var parts = [transport.rawValue]
        if application != .any { parts.append(application.summary) }
        let peers = remotes.isEmpty ? EndpointPattern.any.summary : remotes.map(\.summary).joined(separator: ", ")
        return (parts + [local.summary, ">", peers]).joined(separator: " ")
    }
}

extension Application {
    /// `process/thread`, `*` for any.
    package var summary: String { "\(process ?? "*")/\(thread ?? "*")" }
}

extension EndpointPattern {
    /// `any`, `any:53`, `10.0.0.0/8:53`, `[2001:db8::]/32:53`, `10.0.0.5`.
    package var summary: String {
        guard let block else { return port.map { "any:\($0)" } ?? "any" }
        guard let port else { return "\(block)" }
        guard !block.isIPv4 else { return "\(block):\(port)" }
        let parts = "\(block)".split(separator: "/")
        return "[\(parts[0])]" + parts.dropFirst().map { "/\($0)" }.joined() + ":\(port)"
    }
}

extension Dialect {
    /// `datagram tag, 32 bytes at the front, label 'dig'`.
    package var summary: String {
        func label(_ text: String) -> String { text.isEmpty ? "" : ", label '\(text)'" }
        switch self {
        case .monitor: return "monitor"
        case .datagram(let tag):
            let place =
                switch tag.place {
                case .front: "at the front"
                case .offset(let bytes): "after \(bytes) bytes"
                case .end: "at the end"
                }
            let coding =
                switch tag.coding {
                case .asItIs: ""
                case .masked: ", messages masked"
                case .shortDNS: ", DNS queries compressed"
                }
            return "datagram tag, \(tag.tagBytes) bytes \(place)\(coding)\(label(tag.label))"
        case .stream(let tag):
            let start = tag.start == .firstByte ? "" : ", after the TLS handshake"
            return "stream tag, \(tag.tagBytes) bytes before every \(tag.frameBytes)\(start)\(label(tag.label))"
        }
    }
}

extension PathPolicy {
    /// `auto but ecn proven, sack deny; every 10m`.
    package var summary: String {
        let others = treatments.sorted { $0.key < $1.key }.map { "\($0.key.words) \($0.value.rawValue)" }
        return "auto\(others.isEmpty ? "" : " but \(others.joined(separator: ", "))"); every \(retestEvery)"
    }
}

extension PathGate {
    /// `window scaling at the opening end`.
    package var summary: String {
        "\(subject.words)\(mssBytes.map { " \($0)" } ?? "") at the \(end.rawValue) end"
    }
}
