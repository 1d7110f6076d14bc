internal import CPacketSocket
private import Glibc

/// Two ends with a box between them, on this machine: three network namespaces and two veth pairs, all offloads off.
package final class LabNetwork: Sendable {
    package let near: NetworkNamespace
    package let box: NetworkNamespace
    package let far: NetworkNamespace
    private let names: [String]

    /// The interfaces of the box: towards the near end and towards the far one.
    package static let inside = "inside"
    package static let outside = "outside"
    /// The interface of each end.
    package static let link = "link"
    package static let nearAddress = "192.0.2.1"
    package static let farAddress = "192.0.2.2"
    /// A second address of the far end, for what must stay untouched.
    package static let controlAddress = "192.0.2.3"
    package static let nearAddress6 = "2001:db8:45::1"
    package static let farAddress6 = "2001:db8:45::2"
    package static let controlAddress6 = "2001:db8:45::3"

    /// - Parameters:
    ///   - name: the namespaces are called NAME-near, NAME-box and NAME-far; nil: they have no names, and end with the
    ///     process.
    ///   - farMTU: bytes of an IP packet, of the link between box and far end.
    /// - Throws: ``ProbeError`` in words for the operator; nothing is left behind then.
    package init(name: String? = nil, farMTU: Int = 1500) throws {
        let ip = SystemTool(["ip"])
        var made: [String] = []
        do {
            var spaces: [NetworkNamespace] = []
            for role in ["near", "box", "far"] {
                guard let name else {
                    spaces.append(try NetworkNamespace())
                    continue
                }
                try ip.run(["netns", "add", "\(name)-\(role)"])
                made.append("\(name)-\(role)")
                spaces.append(try NetworkNamespace(path: "/run/netns/\(name)-\(role)"))
            }
            (near, box, far) = (spaces[0], spaces[1], spaces[2])
            names = made
            try box.run {
                for (mine, there, mtu) in [(Self.inside, near, 1500), (Self.outside, far, farMTU)] {
                    try ip.run(
                        [
                            "link", "add", "name", mine, "mtu", "\(mtu)", "type", "veth", "peer", "name", Self.link,
                            "mtu", "\(mtu)",
                            "netns", there.path,
                        ])
                    try ip.run(["link", "set", "dev", mine, "addrgenmode", "none"])
                    try ProbeError.check(l45_offloads_off(mine), "switch the offloads of '\(mine)' off")
                    try ip.run(["link", "set", "dev", mine, "up"])
                }
            }
            for (end, addresses) in [
                (near, [Self.nearAddress, Self.nearAddress6, "fe80::1"]),
                (far, [Self.farAddress, Self.controlAddress, Self.farAddress6, Self.controlAddress6, "fe80::2"]),
            ] {
                try end.run {
                    try ip.run(["link", "set", "dev", "lo", "up"])
                    for address in addresses {
                        let bits = address.contains(":") ? ["64", "nodad"] : ["24"]
                        try ip.run(
                            ["address", "add", "\(address)/\(bits[0])", "dev", Self.link] + bits.dropFirst())
                    }
                    // Its own link-local address would be checked for doubles first, a second without IPv6.
                    try ip.run(["link", "set", "dev", Self.link, "addrgenmode", "none"])
                    try ProbeError.check(l45_offloads_off(Self.link), "switch the offloads of '\(Self.link)' off")
                    try ip.run(["link", "set", "dev", Self.link, "up"])
                }
            }
        } catch {
            for each in made { _ = try? ip.run(["netns", "delete", each]) }
            throw Self.worded(error, name)
        }
    }

    /// Takes the names away; the rest ends with this value and with the last process inside.
    package func remove() {
        for each in names { _ = try? SystemTool(["ip"]).run(["netns", "delete", each]) }
    }

    /// How many TCP sockets listen at the far end.
    package var farListeners: Int { Int((try? far.run { l45_listens() }) ?? 0) }

    private static func worded(_ error: any Error, _ name: String?) -> any Error {
        guard let error = error as? GateError else { return error }
        switch error {
        case .toolMissing(let tool, let reason):
            return ProbeError.badOption("'\(tool)' can not be run (\(reason)); a lab needs iproute2")
        case .notPermitted:
            return ProbeError.notPermitted(doing: "make network namespaces and links")
        case .refused(_, _, let said) where said.contains("File exists"):
            return ProbeError.badOption(
                "a lab of the name '\(name ?? "")' is there already; choose another, or end that one")
        default: return ProbeError.badOption("the lab could not be made: \(error)")
        }
    }
}
