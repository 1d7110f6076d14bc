import Foundation
package import L45Model

/// Routes that ask for ECN towards destinations that have proven to leave it alone.
///
/// A route of ours is a copy of the one that the kernel would take, put before it and marked with a protocol number of its
/// own: what the administrator set up stays as it is, and removing ours leaves no trace.
package enum GateRoutes {
    /// rtm_protocol of our routes; rtnetlink(7) leaves 4 and above to user space, and iproute2 names none 245.
    package static let mark = "245"

    /// Arguments for `ip` that remove every route of ours; for IPv4 and for IPv6.
    package static let removals = ["-4", "-6"].map { [$0, "route", "flush", "proto", mark] }

    /// Arguments that tell how the kernel reaches `block` now.
    package static func question(_ block: AddressBlock) -> [String] {
        let address = "\(block)".split(separator: "/").first.map(String.init) ?? ""
        return ["-j", "route", "get", address]
    }

    /// Arguments that put a copy of the route that `answer` tells of, with ECN asked for, before it.
    /// - Returns: nil where the destination can not be reached, or is this host.
    package static func addition(_ block: AddressBlock, answer: String) -> [String]? {
        guard let answers = try? JSONDecoder().decode([Answer].self, from: Data(answer.utf8)),
            let route = answers.first,
            let device = route.dev, route.type == nil || route.type == "unicast"
        else { return nil }
        var arguments = [block.isIPv4 ? "-4" : "-6", "route", "prepend", "\(block)"]
        if let gateway = route.gateway { arguments += ["via", gateway] }
        arguments += ["dev", device]
        if let source = route.prefsrc { arguments += ["src", source] }
        return arguments + ["proto", mark, "features", "ecn"]
    }

    /// What iproute2 prints with `-j`.
    private struct Answer: Decodable {
        var type: String?
        var gateway: String?
        var dev: String?
        var prefsrc: String?
    }
}
