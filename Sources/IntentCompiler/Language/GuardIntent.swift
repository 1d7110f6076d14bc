package import L45Model

/// Paths that the devices of `clients` guard, with every default filled in.
package struct GuardIntent: Hashable, Sendable {
    /// Whom the gates are for; empty: the devices of `servers`, each address by itself.
    package var destinations: [AddressBlock]
    package var policy: PathPolicy
    /// One address within a destination; nil: the destination's own, or a device of the fleet within it.
    package var probe: AddressBlock?
    /// TCP port of the probes.
    package var port: UInt16
    /// TCP port of the test transfers; never that of the probes.
    package var ratePort: UInt16
    package var place: SourcePlace

    package enum Defaults {
        package static let port: UInt16 = 4545
        package static let ratePort: UInt16 = 4546
    }
}

/// A `guard` item as its author wrote it.
struct GuardDraft: Sendable {
    var intent: GuardIntent
    /// `from SELECTOR` of the phrase: short for `clients:`.
    var clients: Placed<LabelSelector>?
    /// `to SELECTOR` of the phrase: short for `servers:`.
    var servers: Placed<LabelSelector>?

    init(place: SourcePlace) {
        intent = GuardIntent(
            destinations: [], policy: PathPolicy(), probe: nil, port: GuardIntent.Defaults.port,
            ratePort: GuardIntent.Defaults.ratePort, place: place)
    }

    static let retestRange = PathPolicy.retestRange

    static func every(_ text: String) throws(Complaint) -> Span {
        try Check.span(text, "the time from one look at a path to the next", retestRange)
    }

    static func treatment(_ text: String, _ subject: PathExtension) throws(Complaint) -> PathPolicy.Treatment {
        let found = try Check.choice(
            text, "the policy for \(subject.words)", PathPolicy.Treatment.allCases.map { ($0.rawValue, $0) })
        guard found != .proven || subject == .ecn else {
            throw Complaint(
                "only ecn can be 'proven', a route can not ask for \(subject.words)",
                "did you mean 'auto': gated while the path changes it?")
        }
        return found
    }

    static func probe(_ text: String) throws(Complaint) -> AddressBlock {
        let block = try Check.address(text)
        guard block.prefixBits == 128 else {
            throw Complaint("a probe goes to one address, not to the block \(block)", "name one host of it")
        }
        return block
    }

    enum Goal: Sendable {
        case blocks([AddressBlock])
        case devices(LabelSelector)
    }

    /// `10.2.0.0/24`, `10.2.0.0/24,10.3.0.0/24` or `role=branch`.
    static func goal(_ text: String) throws(Complaint) -> Goal {
        if text.contains("=") || text.hasPrefix("!") || text == "*" {
            return .devices(try LabelSelector(parsing: text))
        }
        guard let first = text.unicodeScalars.first,
            first == ":" || first.properties.numericType != nil
                || text.contains(":")
        else {
            throw Complaint(
                "'\(text.shortened)' is neither an address block nor a selector of devices",
                "write 10.2.0.0/24, or label=value")
        }
        var blocks: [AddressBlock] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            blocks.append(try Check.address(String(part).trimmed))
        }
        return .blocks(blocks)
    }

    /// What the author chose contradicts itself.
    var objection: Complaint? {
        guard intent.port == intent.ratePort else { return nil }
        return Complaint(
            "port \(intent.port) can not serve both probes and test transfers", "give them two ports")
    }
}
