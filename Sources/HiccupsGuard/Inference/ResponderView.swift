/// What a responder saw of one SYN, as it tells it outside of the path: the header as it arrived. Held against the SYN as it was
/// sent, it names old and new values after one exchange; held against what came back in the path, it convicts a middlebox that
/// lies about either.
package struct ResponderView: Hashable, Sendable {
    package let syn: HandshakePacket
    /// Whether the responder read the fragments by a key.
    package let isKeyed: Bool

    package init(syn: HandshakePacket, isKeyed: Bool) {
        self.syn = syn
        self.isKeyed = isKeyed
    }

    /// What the two ways say of one SYN.
    package struct Check: Hashable, Sendable {
        /// Old and new values, by the responder's view.
        package let differences: [HeaderDifference]
        /// Carriers whose status in the SYN-ACK says the contrary of the responder's view.
        package let contradictions: [Contradiction]

        /// Both ways say the same, as far as the SYN-ACK says anything.
        package var agrees: Bool { contradictions.isEmpty }

        /// For an alert: both sides by name; nil where they agree, and where one fragment alone speaks against the view, as a
        /// changed one does by chance once in 4096 times.
        package var alert: String? {
            guard contradictions.count >= 2 else { return nil }
            let seen = differences.isEmpty ? "no change" : differences.map(\.description).joined(separator: ", ")
            return
                "in the path: \(contradictions.map(\.description).joined(separator: ", ")); the responder saw: \(seen)"
        }
    }

    package struct Contradiction: Hashable, Sendable, CustomStringConvertible {
        package let carrier: Carrier
        package let coverage: Coverage
        /// What the status bit in the SYN-ACK says of the fragment.
        package let saysIntact: Bool

        package var description: String { "\(coverage.name) \(saysIntact ? "intact" : "changed") by \(carrier)" }
    }

    /// - Parameters:
    ///   - sent: the SYN as it left.
    ///   - reading: what the initiator read from the SYN-ACK.
    ///   - capable: the far end has proven that it takes part.
    package func check(sent: HandshakePacket, reading: ReplyReading, capable: Bool) -> Check {
        check(sent: sent, status: reading.readableStatus(capable: capable))
    }

    /// - Parameters:
    ///   - sent: the SYN as it left, not under AppSalt.
    ///   - status: which of its fragments the SYN-ACK says were found right; nil: it says nothing that may be believed.
    package func check(sent: HandshakePacket, status: PerCarrier<Bool>?) -> Check {
        let comparison = HeaderComparison(sent: sent, received: syn)
        let differences = HeaderDifference.all(sent: sent, arrived: syn)
        // Without a status that may be believed the path says nothing that could be contradicted.
        guard let status else { return Check(differences: differences, contradictions: []) }
        let named = sent.carriers.map(SynReading.coverage)
        // A single match beside two that fail is chance once in 4096 times; it convicts nobody.
        let matched = status.count { $0 }
        var contradictions: [Contradiction] = []
        for carrier in Carrier.allCases {
            let coverage = named[carrier]
            let isIntact = !comparison.changed.contains(coverage) && !comparison.overwritten.contains(carrier)
            guard status[carrier] != isIntact, !(status[carrier] && matched == 1) else { continue }
            contradictions.append(Contradiction(carrier: carrier, coverage: coverage, saysIntact: status[carrier]))
        }
        return Check(differences: differences, contradictions: contradictions)
    }
}
