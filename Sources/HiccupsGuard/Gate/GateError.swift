/// Why gates could not be put in force.
package enum GateError: Error, Hashable, CustomStringConvertible {
    /// The tool is not installed, or can not be run.
    case toolMissing(tool: String, reason: String)
    case notPermitted(tool: String)
    /// The tool did not end in time and was ended.
    case tooSlow(tool: String, seconds: Int)
    case refused(tool: String, status: Int32, said: String)

    /// This host, as it is, can not have gates.
    var isIncapable: Bool {
        switch self {
        case .toolMissing, .notPermitted: true
        case .tooSlow, .refused: false
        }
    }

    package var description: String {
        switch self {
        case .toolMissing(let tool, let reason):
            "'\(tool)' can not be run (\(reason)); gates need nftables and iproute2 on the device"
        case .notPermitted(let tool):
            "'\(tool)' may not change the firewall or the routes; the agent needs CAP_NET_ADMIN for gates"
        case .tooSlow(let tool, let seconds): "'\(tool)' did not end within \(seconds) s; what was in force stays"
        case .refused(let tool, let status, let said):
            "'\(tool)' ended with status \(status): \(said.isEmpty ? "it said nothing" : said)"
        }
    }
}
