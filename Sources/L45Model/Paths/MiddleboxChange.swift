/// What a middlebox does to the handshakes that pass it: in the words of `l45 lab --change`, `window-scale-stripped:reverse`.
package struct MiddleboxChange: Hashable, Sendable, CustomStringConvertible {
    /// Forward is from the first side that the box stands between to the second.
    package enum Way: String, Hashable, Codable, Sendable, CaseIterable { case forward, reverse, both }

    package let name: String
    package let way: Way

    /// Every change by name, in the lab's order, and what guarded paths see of it; nil: nothing, no gate is for it.
    package static let known: [(name: String, subject: PathExtension?)] = [
        ("ect-cleared", .ecn), ("ce-degraded", .ecn), ("df-flipped", nil), ("ecn-flags-cleared", .ecn),
        ("ecn-flags-flipped", .ecn), ("ipid-zeroed", nil), ("isn-translated", nil), ("mss-added", .mss),
        ("mss-lowered", .mss), ("window-scale-added", .windowScaling), ("window-scale-replaced", .windowScaling),
        ("reserved-bits-set", nil), ("window-offset", nil), ("mss-raised", .mss), ("timestamp-shifted", .timestamps),
        ("congestion-marked", .ecn), ("mptcp-key-changed", .mptcp), ("syn-data-dropped", .tfo), ("mss-stripped", .mss),
        ("window-scale-stripped", .windowScaling), ("sack-stripped", .sack), ("timestamps-stripped", .timestamps),
        ("mptcp-stripped", .mptcp), ("tfo-stripped", .tfo),
    ]

    package static var names: [String] { known.map(\.name) }

    /// - Returns: nil when there is no such change; the way is told by itself.
    package init?(_ name: String, _ way: Way = .both) {
        guard Self.known.contains(where: { $0.name == name }) else { return nil }
        self.name = name
        self.way = way
    }

    /// Reads `mss-lowered`, `mss-lowered:forward`.
    package init?(text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let way = parts.count == 2 ? Way(rawValue: parts[1]) : .both else { return nil }
        self.init(parts[0], way)
    }

    /// nil: no guarded path looks at it.
    package var subject: PathExtension? { Self.known.first { $0.name == name }?.subject }

    package var description: String { way == .both ? name : "\(name):\(way.rawValue)" }
}

extension MiddleboxChange: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let change = MiddleboxChange(text: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is no change of a middlebox")
        }
        self = change
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
