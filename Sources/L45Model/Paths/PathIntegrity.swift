/// How the last look at a path was protected, and what came of it: what the end that opens says.
package struct PathIntegrity: Hashable, Codable, Sendable {
    package enum Kind: String, Hashable, Codable, Sendable, CaseIterable {
        /// Under the public functions, which a middlebox can compute too: there is no key, and `reason` says why.
        case plain
        /// Signed and answered with the key.
        case keyed
        /// Signed, and nothing came back that the key vouches for; nothing under the public functions either.
        case unproven
        /// Signed, and answered under the public functions by whoever does not have the key.
        case forged
    }

    package var kind: Kind
    /// Of the key; nil where there is none.
    package var epoch: UInt64?
    /// In words; empty when there is nothing to say.
    package var reason: String
    /// Since when it is of this kind.
    package var since: Timestamp

    package init(_ kind: Kind, epoch: UInt64? = nil, reason: String = "", since: Timestamp = .never) {
        self.kind = kind
        self.epoch = epoch
        self.reason = reason
        self.since = since
    }
}
