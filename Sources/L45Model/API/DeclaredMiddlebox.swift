/// A middlebox as files declare it: where it stands, and what is known of it. What it does is measured; this decides nothing.
package struct DeclaredMiddlebox: Hashable, Codable, Sendable {
    /// One of the two sides that a box stands between, in part.
    package enum Side: Hashable, Sendable, CustomStringConvertible {
        case block(AddressBlock)
        /// Devices with the label `group.NAME`.
        case group(String)

        package init(_ text: String) { self = AddressBlock(text).map { .block($0) } ?? .group(text) }

        package var description: String {
            switch self {
            case .block(let block): "\(block)"
            case .group(let name): name
            }
        }
    }

    package var name: String
    /// Its own; who is probed there is answered through it.
    package var addresses: [AddressBlock]
    /// Two, or none: then it stands before its own addresses.
    package var between: [[Side]]
    package var changes: [MiddleboxChange]
    package var owner: String?
    package var note: String?
    /// The file.
    package var origin: String
    /// Where in it; nil: not known.
    package var place: String?
    /// Who declares it, where that is not the file.
    package var by: String?

    package static let boxesMax = 1_000
    package static let partsMax = 64
    package static let noteCharactersMax = 1_000

    package init(
        name: String, addresses: [AddressBlock] = [], between: [[Side]] = [], changes: [MiddleboxChange] = [],
        owner: String? = nil, note: String? = nil, origin: String, place: String? = nil, by: String? = nil
    ) {
        self.name = name
        self.addresses = addresses
        self.between = between
        self.changes = changes
        self.owner = owner
        self.note = note
        self.origin = origin
        self.place = place
        self.by = by
    }

    package var declarer: String { by ?? DeclaredDevice.declarer(ofFile: origin) }
    package var key: DeclaredKey { DeclaredKey(name: name, by: declarer) }
    package var whereabouts: String { place ?? origin }

    /// What is said, wherever it stands.
    package func says(_ other: DeclaredMiddlebox) -> Bool {
        var mine = self
        (mine.origin, mine.place, mine.by) = (other.origin, other.place, other.by)
        return mine == other
    }

    /// `10.1.0.0/16 and paris`; nil: it stands before its addresses.
    package var betweenText: String? {
        between.isEmpty
            ? nil : between.map { $0.map(\.description).joined(separator: ", ") }.joined(separator: " and ")
    }
}

extension DeclaredMiddlebox.Side: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
