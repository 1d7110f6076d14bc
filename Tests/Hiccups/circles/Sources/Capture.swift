import HiccupsGuard
import Synchronization

/// Every handshake packet on both sides of the box, off the wire.
final class Capture: Sendable {
    /// What of a handshake packet may not differ from one connection to the next.
    struct Shape: Hashable, CustomStringConvertible {
        var isAnswer: Bool
        var ecn: ECNCodepoint
        var flags: TCPFlags
        /// Kind and length of each option, with the value of those whose value is the host's setting.
        var options: [String]

        init(_ packet: HandshakePacket) {
            isAnswer = packet.isSYNACK
            ecn = packet.ip.ecn
            flags = packet.tcp.flags
            options = packet.tcp.options.options.map { option in
                switch option {
                case .maximumSegmentSize(let size): "mss \(size)"
                case .windowScale(let shift): "scale \(shift)"
                case .timestamp: "timestamps"
                case .sackPermitted: "sack"
                case .multipath(let rest): "mptcp \(rest.count)"
                case .fastOpen(let cookie): "tfo \(cookie.count)"
                case .noOperation: "nop"
                case .other(let kind, let rest): "\(kind) \(rest.count)"
                }
            }
        }

        var description: String {
            "\(isAnswer ? "SYN-ACK" : "SYN")[\(options.joined(separator: ",")) \(ecn) flags \(String(flags.rawValue, radix: 16))]"
        }

        func offers(_ word: String) -> Bool { options.contains { $0.hasPrefix(word) } }
    }

    /// The handshakes with one address, as they left their sender and as they reached the other end.
    struct Handshakes: Hashable {
        var left: Set<Shape> = []
        var arrived: Set<Shape> = []
    }

    private let passages = Mutex<[BoxConnections.Passage]>([])

    func take(_ passage: BoxConnections.Passage) { passages.withLock { $0.append(passage) } }

    /// Since the last call, of ordinary connections: probes have ports of their own.
    func drain() -> [HostAddress: Handshakes] {
        let all = passages.withLock { passages in
            defer { passages = [] }
            return passages
        }
        let ports = [Transfer.Flavour.plain, .multipath, .fastOpen].map(\.port)
        var found: [HostAddress: Handshakes] = [:]
        for each in all {
            let isSYN = each.before.isSYN
            guard ports.contains(isSYN ? each.before.tcp.destinationPort : each.before.tcp.sourcePort) else { continue }
            let far = isSYN ? each.before.ip.destination : each.before.ip.source
            found[far, default: Handshakes()].left.insert(Shape(each.before))
            found[far, default: Handshakes()].arrived.insert(Shape(each.after))
        }
        return found
    }
}
