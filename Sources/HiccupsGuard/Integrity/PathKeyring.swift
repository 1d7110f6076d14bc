/// The keys that one responder holds: those of each end that probes it, and one for all others.
package struct PathKeyring: Hashable, Sendable, CustomStringConvertible {
    /// Who sent a probe, and whom to.
    package struct Pair: Hashable, Sendable {
        package let source: HostAddress
        package let destination: HostAddress

        package init(_ source: HostAddress, _ destination: HostAddress) {
            self.source = source
            self.destination = destination
        }
    }

    /// By the address that the prober's packets should come from; likeliest first, as while one key follows another.
    package private(set) var byPeer: [HostAddress: [PathKey]]
    /// Those of one path, of a peer that has several.
    package private(set) var byPair: [Pair: [PathKey]]
    /// For whoever is not among them.
    package let common: PathKey?

    /// A SYN from an address that has no key may come from a peer behind a translator: this many keys are tried.
    package static let strangersTriesMax = 32

    package init(
        byPeer: [HostAddress: [PathKey]] = [:], byPair: [Pair: [PathKey]] = [:], common: PathKey? = nil
    ) {
        self.byPeer = byPeer
        self.byPair = byPair
        self.common = common
    }

    package var isEmpty: Bool { byPeer.isEmpty && byPair.isEmpty && common == nil }

    /// The keys to try on a SYN, likeliest first. Where its source has keys of its own, those alone: another peer must not pass
    /// for it.
    package func candidates(from source: HostAddress, to destination: HostAddress) -> [PathKey] {
        let exact = byPair[Pair(source, destination)] ?? []
        let own = byPeer[source] ?? []
        if !exact.isEmpty || !own.isEmpty { return exact + own.filter { !exact.contains($0) } }
        var keys = common.map { [$0] } ?? []
        let others = byPeer.values.joined()
        if others.count <= Self.strangersTriesMax { keys += others }
        return keys
    }

    /// This key is the first to be tried on what comes that way: it was right.
    package mutating func prefer(_ key: PathKey, from source: HostAddress, to destination: HostAddress) {
        let pair = Pair(source, destination)
        guard let at = byPair[pair]?.firstIndex(of: key), at > 0 else { return }
        byPair[pair]?.remove(at: at)
        byPair[pair]?.insert(key, at: 0)
    }

    package var description: String {
        let count = byPeer.count
        return
            "path keys of \(count) \(count == 1 ? "peer" : "peers")\(common == nil ? "" : ", and one for all others")"
    }
}
