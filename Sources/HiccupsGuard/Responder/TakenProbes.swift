internal import CPacketSocket
private import Glibc

/// The marked probes to ports of ordinary services: taken from the kernel's TCP as long as this value lives, and read here.
///
/// It is an nftables table of our own that belongs to a socket: the kernel removes it with the socket, however the process ends,
/// so that nothing is ever left behind, and no other program can change it. Its one rule stands in front of gates, translation
/// and connection tracking, so that a SYN is seen as it arrived; what bears no mark passes it after one comparison, and no packet
/// socket looks at a client's packets besides.
final class TakenProbes {
    /// One rule for each port; only marked SYNs are compared with them.
    static let portsMax = 256
    /// Numbers of log groups are shared with other programs; so many are drawn before it is given up.
    private static let groupTriesMax = 16

    /// To wait for.
    let descriptor: Int32
    private let table: Int32
    private let way: PacketSocket
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    init(ports: [UInt16]) throws(ProbeError) {
        way = try PacketSocket()
        var log: Int32 = -1
        var group: UInt16 = 0
        for _ in 0..<Self.groupTriesMax where log < 0 {
            group = .random(in: 1 ... .max)
            log = l45_marked_open(group)
        }
        descriptor = try Self.check(log, "open a log group of nfnetlink")
        // Other responders of this host have tables of their own.
        let name = "l45_respond_" + String(UInt32.random(in: .min ... .max), radix: 16)
        do throws(ProbeError) {
            table = try Self.check(
                l45_marked_take(name, ports, ports.count, ProbeMark.number, group), "make the nftables table \(name)")
        } catch {
            close(log)
            throw error
        }
    }

    deinit {
        close(table)
        close(descriptor)
    }

    private static func check(_ code: Int32, _ doing: String) throws(ProbeError) -> Int32 {
        if [-EOPNOTSUPP, -ENOENT, -EPROTONOSUPPORT, -EINVAL].contains(code) { throw .noFirewall(code: -code) }
        return try ProbeError.check(code, doing)
    }

    /// - Returns: nil when there is no more for now.
    func receive() throws(ProbeError) -> PacketSocket.Received? {
        while true {
            var link = l45_link()
            let count = l45_marked_receive(descriptor, &buffer, buffer.count, &link)
            if count >= 0 { return PacketSocket.Received(bytes: buffer[..<count], link: link) }
            switch Int32(-count) {
            // Some were lost in a flood, or one is longer than any probe.
            case EINTR, ENOBUFS, EMSGSIZE, EBADMSG: continue
            case EAGAIN: return nil
            case let code: throw .system(doing: "read a log group of nfnetlink", code: code)
            }
        }
    }

    /// Back the way it came.
    func send(_ bytes: [UInt8], over link: l45_link) { way.send(bytes, over: link) }
}
