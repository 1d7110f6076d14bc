import CL45Netlink
package import L45Model

/// One tapped socket (an entry of SOCKETS, and part of events). Pure.
package struct KernelSocket: Hashable, Sendable {
    package var cookie: UInt64
    /// TGID name.
    package var process: String
    /// The module of the last message or frame that it sent, received in a dialect; nil none.
    package var sending: ModuleID?
    package var receiving: ModuleID?
    /// When it was attached.
    package var since: Timestamp
    /// What the wildcards were filled with: `udp dig/isc-net-0000 10.0.0.5:41234 -> 10.0.0.53:53`.
    package var text: String

    /// - Parameter answer: the top level of an entry of a SOCKETS dump.
    package init(_ answer: Attributes) throws(NetlinkMalformed) {
        guard let socket = try answer.nest(L45_A_SOCKET) else { throw NetlinkMalformed("the socket is missing") }
        try self.init(socket: socket)
    }

    init(socket: Attributes) throws(NetlinkMalformed) {
        cookie = try socket.number(L45_K_COOKIE) ?? 0
        process = socket.text(L45_K_PROCESS) ?? ""
        sending = try socket.number(L45_K_TX_MOD_ID, as: UInt64.self).map { ModuleID($0) }
        receiving = try socket.number(L45_K_RX_MOD_ID, as: UInt64.self).map { ModuleID($0) }
        since = Timestamp(Int64(clamping: try socket.number(L45_K_SINCE_MS, as: UInt64.self) ?? 0))
        text = socket.text(L45_K_TEXT) ?? ""
    }
}
