internal import CPacketSocket

/// Which addresses are this host's own. A packet socket also sees what is only routed through, which is not ours to answer.
struct LocalAddresses {
    /// Addresses come and go; an answer is remembered for so long.
    static let trust = Duration.seconds(5)
    private static let rememberedMax = 4096

    private var known: [HostAddress: (isLocal: Bool, since: ContinuousClock.Instant)] = [:]

    mutating func contains(_ address: HostAddress, now: ContinuousClock.Instant) -> Bool {
        if let found = known[address], now - found.since < Self.trust { return found.isLocal }
        var raw = address.raw
        var route = l45_route()
        let isLocal = l45_route_get(address.family, &raw, &route) == 0 && route.is_local != 0
        if known.count >= Self.rememberedMax { known.removeAll(keepingCapacity: true) }
        known[address] = (isLocal, now)
        return isLocal
    }
}
