/// The keys that one responder holds: one for each end that probes it, and one for all others.
package struct PathKeyring: Hashable, Sendable, CustomStringConvertible {
    /// By the address that the prober's packets should come from.
    package var byPeer: [HostAddress: PathKey]
    /// For whoever is not among them.
    package var common: PathKey?

    /// A SYN from an address that has no key may come from a peer behind a translator: this many keys are tried.
    package static let strangersTriesMax = 32

    package init(byPeer: [HostAddress: PathKey] = [:], common: PathKey? = nil) {
        self.byPeer = byPeer
        self.common = common
    }

    package var isEmpty: Bool { byPeer.isEmpty && common == nil }

    /// The keys to try on a SYN from `source`, likeliest first. Where it has a key of its own, that one alone: another
    /// peer must not pass for it.
    package func candidates(for source: HostAddress) -> [PathKey] {
        if let own = byPeer[source] { return [own] }
        var keys = common.map { [$0] } ?? []
        if byPeer.count <= Self.strangersTriesMax { keys += byPeer.values }
        return keys
    }

    package var description: String {
        "\(byPeer.count) path keys by peer\(common == nil ? "" : ", one for all others")"
    }
}
