private import Glibc

/// Why nothing can be probed or answered at all. What one path does is never an error, it is a result.
package enum ProbeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Packet sockets need CAP_NET_RAW, questions to the neighbour table CAP_NET_ADMIN.
    case notPermitted(doing: String)
    case unresolvable(host: String, reason: String)
    case portTaken(UInt16)
    case noInterface(String)
    /// nftables, or tables that belong to a socket.
    case noFirewall(code: Int32)
    /// The system refused, and said why.
    case system(doing: String, code: Int32)
    case packet(PacketError)
    case badOption(String)

    package var description: String {
        switch self {
        case .notPermitted(let doing):
            "not permitted to \(doing): run as root, or with CAP_NET_RAW and CAP_NET_ADMIN"
        case .unresolvable(let host, let reason): "cannot resolve '\(host)': \(reason)"
        case .portTaken(let port):
            "TCP port \(port) is in use by another program; a responder needs a port of its own"
        case .noInterface(let name): "no network interface '\(name)' here"
        case .noFirewall(let code):
            "this kernel lacks nftables with logging, or is older than Linux 5.12: a responder beside a service needs them "
                + "(errno \(code)); answer on a port of its own with --port"
        case .system(let doing, let code): "cannot \(doing): \(String(cString: strerror(code))) (errno \(code))"
        case .packet(let error): "cannot build the packet: \(error)"
        case .badOption(let text): text
        }
    }

    /// - Returns: `code` where it is none, 0 or more.
    @discardableResult
    static func check(_ code: Int32, _ doing: String) throws(ProbeError) -> Int32 {
        guard code < 0 else { return code }
        if code == -EPERM || code == -EACCES { throw .notPermitted(doing: doing) }
        throw .system(doing: doing, code: -code)
    }
}
