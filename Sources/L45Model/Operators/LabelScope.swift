/// The devices that an operator's rights are for: those to which the *operators* gave every one of these labels.
///
/// Labels that a device claims of itself do not count: with them a device could choose who has power over it.
package struct LabelScope: Hashable, Codable, Sendable, CustomStringConvertible {
    /// Empty: the whole fleet.
    package var labels: [String: String]

    package init(_ labels: [String: String] = [:]) { self.labels = labels }

    package static let everything = LabelScope()

    package var isEverything: Bool { labels.isEmpty }

    /// - Parameter given: the labels that operators gave a device.
    package func covers(_ given: [String: String]) -> Bool { labels.allSatisfy { given[$0.key] == $0.value } }

    /// `role=web,site=paris`; `*` for the whole fleet.
    package var description: String {
        isEverything ? "*" : labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    package init(from decoder: any Decoder) throws {
        labels = try decoder.singleValueContainer().decode([String: String].self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(labels)
    }
}
