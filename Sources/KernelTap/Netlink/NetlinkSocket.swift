import CL45Netlink
import CNetlink
import Foundation
import L45Model

/// A socket to the kernel tap, for one transaction: a table that it began and did not commit ends with it, and no late
/// answer can be taken for another's. Blocking, with a timeout; not for the cooperative pool.
final class NetlinkSocket {
    /// An answer that takes longer is given up. A COMMIT that attaches to open sockets is carried out while it is sent, which
    /// no timeout cuts short.
    static let timeoutSeconds = 5
    /// Entries of one dump: more than any table or socket list holds; a bound, so that no kernel keeps us for ever.
    static let dumpMessagesMax = 1 << 20

    /// The number that generic netlink gave the family; another one each time the module is loaded.
    let family: UInt16
    private let socket: OpaquePointer
    private var sequence: UInt32 = 0

    /// Opens the socket and looks the family up.
    /// - Throws: `TapError.moduleMissing` when the kernel knows no such family, `TapError.netlink`.
    init() throws(TapError) {
        let socket = try Self.open()
        let family = genl_ctrl_resolve(socket, L45_GENL_NAME)
        guard family > 0, let family = UInt16(exactly: family) else {
            nl_socket_free(socket)
            if family == -NLE_OBJ_NOTFOUND { throw .moduleMissing }
            throw .netlink(operation: "look the family '\(L45_GENL_NAME)' up", reason: Self.words(family))
        }
        self.socket = socket
        self.family = family
    }

    deinit { nl_socket_free(socket) }

    /// Carries a command out.
    /// - Returns: the kernel's no; nil when it did.
    func ask(_ request: TapRequest) throws(TapError) -> NetlinkRefusal? {
        var refusal: NetlinkRefusal?
        try exchange(request, flags: NLM_F_REQUEST | NLM_F_ACK) { reply throws(TapError) in
            switch reply {
            case .acknowledged: return true
            case .refused(let no):
                refusal = no
                return true
            case .data, .done, .other: return false
            }
        }
        return refusal
    }

    /// Asks for one answer.
    /// - Throws: `TapError.refused` and its kin when the kernel says no.
    func get<Answer>(
        _ request: TapRequest, _ parse: (Attributes) throws(NetlinkMalformed) -> Answer
    ) throws(TapError) -> Answer {
        var answer: Answer?
        try exchange(request, flags: NLM_F_REQUEST | NLM_F_ACK) { reply throws(TapError) in
            switch reply {
            case .data(_, let attributes, _):
                answer = try Self.parsed(request) { () throws(NetlinkMalformed) in try parse(attributes) }
                return false
            case .acknowledged: return true
            case .refused(let refusal): throw TapError(refusal, request)
            case .done, .other: return false
            }
        }
        guard let answer else {
            throw .netlink(operation: "ask the kernel tap for \(request.name)", reason: "it gave no answer")
        }
        return answer
    }

    /// Asks for a list.
    /// - Returns: `isSteady`: what was listed did not change meanwhile.
    func dump<Entry>(
        _ request: TapRequest, _ parse: (Attributes) throws(NetlinkMalformed) -> Entry
    ) throws(TapError) -> (entries: [Entry], isSteady: Bool) {
        var entries: [Entry] = []
        var isSteady = true
        try exchange(request, flags: NLM_F_REQUEST | NLM_F_DUMP) { reply throws(TapError) in
            switch reply {
            case .data(_, let attributes, let interrupted):
                if interrupted { isSteady = false }
                entries.append(
                    try Self.parsed(request) { () throws(NetlinkMalformed) in try parse(attributes) })
                return false
            case .done(let interrupted):
                if interrupted { isSteady = false }
                return true
            case .refused(let refusal): throw TapError(refusal, request)
            case .acknowledged: return true
            case .other: return false
            }
        }
        return (entries, isSteady)
    }

    // MARK: - libnl

    /// A connected socket of generic netlink that gives reasons and does not wait for ever.
    static func open() throws(TapError) -> OpaquePointer {
        guard let socket = nl_socket_alloc() else {
            throw .netlink(operation: "open a netlink socket", reason: "out of memory")
        }
        let result = genl_connect(socket)
        guard result == 0 else {
            nl_socket_free(socket)
            throw .netlink(operation: "open a generic netlink socket", reason: words(result))
        }
        // Sequence numbers are checked here, with those that we give.
        nl_socket_disable_seq_check(socket)
        let descriptor = nl_socket_get_fd(socket)
        var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        // Kernels that lack these two answer without text, and with the request in full.
        var on: Int32 = 1
        for option in [NETLINK_EXT_ACK, NETLINK_CAP_ACK] {
            setsockopt(descriptor, SOL_NETLINK, option, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        return socket
    }

    /// One datagram from the kernel; what others send to the socket is passed over (nil).
    static func receive(_ socket: OpaquePointer) -> (bytes: [UInt8]?, error: Int32) {
        var from = sockaddr_nl()
        var buffer: UnsafeMutablePointer<UInt8>?
        let count = nl_recv(socket, &from, &buffer, nil)
        defer { free(buffer) }
        guard count >= 0 else { return (nil, count) }
        guard count > 0, from.nl_pid == 0, let buffer else { return (nil, 0) }
        return (Array(UnsafeBufferPointer(start: buffer, count: Int(count))), 0)
    }

    static func words(_ code: Int32) -> String {
        if code == -NLE_AGAIN { return "no answer within \(timeoutSeconds) s" }
        return nl_geterror(code).map { String(cString: $0) } ?? "error \(code)"
    }

    /// Sends a request, and hands over the answers to it until `finish` says that one was the last.
    private func exchange(
        _ request: TapRequest, flags: Int32, finish: (NetlinkReply) throws(TapError) -> Bool
    ) throws(TapError) {
        let operation = "ask the kernel tap for \(request.name)"
        sequence += 1
        var bytes = NetlinkMessage(
            family: family, flags: flags, sequence: sequence, request: request, version: UInt8(L45_GENL_VERSION)
        ).encoded
        let sent = bytes.withUnsafeMutableBytes { nl_sendto(socket, $0.baseAddress, $0.count) }
        guard sent >= 0 else { throw .netlink(operation: operation, reason: Self.words(sent)) }
        for _ in 0..<Self.dumpMessagesMax {
            let received = Self.receive(socket)
            guard received.error == 0 else {
                throw .netlink(operation: operation, reason: Self.words(received.error))
            }
            guard let datagram = received.bytes else { continue }
            let replies = try Self.parsed(request) { () throws(NetlinkMalformed) in
                try NetlinkMessage.all(in: datagram).filter { $0.sequence == sequence }.map {
                    message throws(NetlinkMalformed) in try NetlinkReply(message, family: family)
                }
            }
            for reply in replies where try finish(reply) { return }
        }
        throw .netlink(operation: operation, reason: "the answer does not end")
    }

    private static func parsed<Value>(
        _ request: TapRequest, _ parse: () throws(NetlinkMalformed) -> Value
    ) throws(TapError) -> Value {
        do { return try parse() } catch {
            throw .netlink(
                operation: "read the kernel tap's answer to a request for \(request.name)",
                reason: "\(error); agent and l45.ko may be of different versions")
        }
    }
}

extension TapError {
    /// A refusal that has no meaning of its own for the request.
    init(_ refusal: NetlinkRefusal, _ request: TapRequest) {
        switch refusal.errno {
        case EPERM: self = .notPermitted
        case ENOENT where refusal.text.isEmpty: self = .moduleMissing
        default: self = .refused(request: request.name, text: refusal.text, errno: refusal.errno)
        }
    }
}
