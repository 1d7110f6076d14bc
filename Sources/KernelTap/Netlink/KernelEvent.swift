import CL45Netlink
import L45Model

/// What the kernel tap tells unasked (EVENT). Pure.
package struct KernelEvent: Hashable, Sendable {
    package var notice: TapNotice
    /// The socket that it is about.
    package var socket: KernelSocket?

    /// - Parameter message: the top level of an event.
    /// - Throws: `NetlinkMalformed` also for a kind that this version does not know.
    package init(_ message: Attributes) throws(NetlinkMalformed) {
        let number: UInt8 = try message.required(L45_A_EVENT_KIND, "the kind of the event")
        let kind: TapNotice.Kind
        switch UInt32(number) {
        case L45_EVENT_TABLE.rawValue: kind = .table
        case L45_EVENT_ATTACHED.rawValue: kind = .attached
        case L45_EVENT_REFUSED.rawValue: kind = .refused
        case L45_EVENT_FAILED.rawValue: kind = .failed
        case L45_EVENT_ALERT.rawValue: kind = .alert
        default: throw NetlinkMalformed("\(number) is no kind of event")
        }
        socket = try message.nest(L45_A_SOCKET).map { nest throws(NetlinkMalformed) in
            try KernelSocket(socket: nest)
        }
        let words = message.text(L45_A_TEXT) ?? ""
        let reason: UInt8 = try message.number(L45_A_REASON) ?? 0
        notice = TapNotice(
            kind: kind, module: try message.number(L45_A_MOD_ID, as: UInt64.self).map { ModuleID($0) },
            process: socket?.process ?? "", text: "", isExpected: UInt32(reason) == L45_REFUSED_BEGAN_PLAIN.rawValue,
            lost: Int(try message.number(L45_A_LOST, as: UInt32.self) ?? 0))
        switch kind {
        // The event's text says why; which socket it is, the socket says.
        case .refused, .failed: (notice.text, notice.reason) = (socket?.text ?? "", words)
        case .attached: notice.text = socket?.text ?? words
        case .alert, .table:
            notice.text = [words, socket?.text ?? ""].filter { !$0.isEmpty }.joined(separator: ": ")
        }
    }
}
