internal import CPacketSocket
private import Glibc

/// How a packet to one destination leaves this host: source address, interface, link address of the next hop.
struct NextHop {
    let source: HostAddress
    let link: l45_link
    /// Bytes of an IP packet, of the interface.
    let mtu: Int
    /// The destination is this host itself.
    let isLocal: Bool
}

/// Why no packet can be sent to a destination: results, since other destinations of a survey may do better.
package enum Unreachable: String, Error, Hashable, Sendable, Codable {
    case noRoute = "no route to it"
    case noNeighbour = "the next hop does not answer on its link"
    case notAHost = "a broadcast or multicast address"
}

/// Asks the kernel for routes and neighbours, and remembers.
struct NextHops {
    enum State {
        case ready(NextHop)
        /// The kernel asks the link; ask again soon.
        case waiting
        case unreachable(Unreachable)
    }

    /// How long the kernel may take to find a neighbour (it asks three times, a second apart).
    static let patience = Duration.milliseconds(3500)

    /// How many are remembered, at about 100 bytes each.
    static let knownMax = 8192

    private var known: [HostAddress: State] = [:]
    private var waiting: [HostAddress: (since: ContinuousClock.Instant, route: l45_route)] = [:]

    /// - Throws: where the kernel does not let us ask.
    mutating func state(of address: HostAddress, now: ContinuousClock.Instant) throws(ProbeError) -> State {
        if let known = known[address] { return known }
        let state = try ask(address, now)
        if case .waiting = state { return state }
        waiting[address] = nil
        // A survey of many networks must not grow without bound.
        if known.count >= Self.knownMax { known.removeAll(keepingCapacity: true) }
        known[address] = state
        return state
    }

    private mutating func ask(_ address: HostAddress, _ now: ContinuousClock.Instant) throws(ProbeError) -> State {
        var route = l45_route()
        var raw = address.raw
        if let before = waiting[address] {
            route = before.route
        } else {
            switch -l45_route_get(address.family, &raw, &route) {
            case 0: break
            case ENETUNREACH, EHOSTUNREACH, ESRCH, EINVAL: return .unreachable(.noRoute)
            case EACCES: return .unreachable(.notAHost)
            case EPERM: throw .notPermitted(doing: "ask for a route")
            case let code: throw .system(doing: "ask for the route to \(address)", code: code)
            }
        }
        var link = l45_link()
        link.ifindex = route.ifindex
        if route.no_neighbours == 0 {
            let isFirst = waiting[address] == nil
            let code = l45_neighbour_get(address.family, route.ifindex, &route.gateway, isFirst ? 1 : 0, &link)
            switch -code {
            case -1: break
            // Its table is full: a place will be free when others have been given up.
            case 0, ENOBUFS, ENOMEM:
                let since = waiting[address]?.since ?? now
                if now - since > Self.patience { return .unreachable(.noNeighbour) }
                waiting[address] = (since, route)
                return .waiting
            case EHOSTUNREACH: return .unreachable(.noNeighbour)
            case EPERM: throw .notPermitted(doing: "ask for the link address of \(address)")
            case let code: throw .system(doing: "ask for the link address of \(address)", code: code)
            }
        }
        link.ethertype = address.ethertype
        let source = HostAddress(route.source, isIPv6: address.isIPv6)
        return .ready(NextHop(source: source, link: link, mtu: Int(route.mtu), isLocal: route.is_local != 0))
    }
}
