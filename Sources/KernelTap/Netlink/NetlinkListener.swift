import CL45Netlink
import CNetlink
import Foundation

/// Hears the kernel tap's events on a thread of its own, from its making to its end.
final class NetlinkListener: Sendable {
    /// One end of a pair of sockets: once it is closed, the thread that looks at the other ends.
    private let leash: Int32

    /// - Parameters:
    ///   - family: the number that the module has now: its groups are lost with it, and another listener is needed.
    ///   - tell: called on the listener's thread.
    init(family: UInt16, tell: @escaping @Sendable (KernelEvent) -> Void) throws(TapError) {
        let socket = try NetlinkSocket.open()
        let group = genl_ctrl_resolve_grp(socket, L45_GENL_NAME, L45_GENL_GROUP_EVENTS)
        let joined = group < 0 ? group : nl_socket_add_membership(socket, group)
        var ends: [Int32] = [-1, -1]
        let pairKind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard joined >= 0, socketpair(AF_UNIX, pairKind, 0, &ends) == 0 else {
            let reason = joined < 0 ? NetlinkSocket.words(joined) : String(cString: strerror(errno))
            nl_socket_free(socket)
            throw .netlink(operation: "listen to the kernel tap's events", reason: reason)
        }
        leash = ends[1]
        let stop = ends[0]
        // libnl's sockets may change threads, they may not be shared: from here on the thread alone has it, and frees it.
        nonisolated(unsafe) let handed = socket
        let thread = Thread {
            Self.hear(handed, until: stop, family: family, tell)
            nl_socket_free(handed)
            close(stop)
        }
        thread.name = "l45-events"
        thread.start()
    }

    deinit { close(leash) }

    private static func hear(
        _ socket: OpaquePointer, until stop: Int32, family: UInt16, _ tell: (KernelEvent) -> Void
    ) {
        var waits = [
            pollfd(fd: nl_socket_get_fd(socket), events: Int16(POLLIN), revents: 0),
            pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            guard poll(&waits, nfds_t(waits.count), -1) > 0 || errno == EINTR else { return }
            if waits[1].revents != 0 { return }
            // An error is an overrun: events were lost, which a notice may be.
            guard waits[0].revents != 0, let datagram = NetlinkSocket.receive(socket).bytes,
                let messages = try? NetlinkMessage.all(in: datagram)
            else { continue }
            for message in messages {
                guard case .data(let command, let attributes, _)? = try? NetlinkReply(message, family: family),
                    UInt32(command) == L45_CMD_EVENT.rawValue, let event = try? KernelEvent(attributes)
                else { continue }
                tell(event)
            }
        }
    }
}
