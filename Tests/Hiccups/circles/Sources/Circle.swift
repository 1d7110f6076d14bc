import HiccupsGuard
import L45Model

/// One extension, a box that breaks it, and what an ordinary connection suffers by that.
struct Circle: Sendable {
    enum Measure: Sendable {
        /// Bits a second to the far end, and from it.
        case upload(Transfer.Flavour)
        case download(Transfer.Flavour)
        /// Short exchanges with the request in the SYN, a second.
        case openings
    }

    let name: String
    let subject: PathExtension
    var forward: [BoxChange] = []
    var reverse: [BoxChange] = []
    var impairment = Impairment.none
    var farMTU = 1500
    var measure = Measure.upload(.plain)
    var farAgent = false
    /// Names below /proc/sys/net.
    var nearSettings: [String: String] = [:]
    var farSettings: [String: String] = [:]
    /// The gated rate is at least so many times the broken one.
    var gain = 5.0
    /// Offered besides by what looks at the path.
    var offersScaling = true

    private static func delayed(_ milliseconds: Int, loss: Double = 0) -> Impairment {
        var line = Impairment()
        line.delay = .milliseconds(milliseconds)
        line.loss = loss
        return line
    }

    static let all: [Circle] = [
        // Seed 8.3.3: the box adds the option for a host that does not scale and hides the answer, so that the far end
        // scales its windows and the near one takes them as they stand.
        Circle(
            name: "window-scaling", subject: .windowScaling, forward: [.table(.windowScaleAdded)],
            reverse: [.strip(TCPOption.windowScaleKind)], impairment: delayed(1), farAgent: true,
            nearSettings: ["ipv4/tcp_window_scaling": "0"], offersScaling: false),
        // Every packet from the far end says congestion: who asked to be told has it send next to nothing.
        Circle(
            name: "ecn", subject: .ecn, reverse: [.fault(.congestionMarked)], impairment: delayed(5),
            measure: .download(.plain), nearSettings: ["ipv4/tcp_ecn": "1"],
            farSettings: ["ipv4/tcp_ecn": "1", "ipv4/tcp_congestion_control": "reno"]),
        // To the far end every packet behind the SYN is an old one.
        Circle(
            name: "timestamps", subject: .timestamps, forward: [.fault(.timestampShifted)], impairment: delayed(1)),
        // The far end waits for blocks that the near end does not send: each loss costs a timeout.
        Circle(
            name: "sack", subject: .sack, reverse: [.strip(TCPOption.sackPermittedKind)],
            impairment: delayed(2, loss: 0.02), measure: .download(.plain),
            farSettings: ["ipv4/tcp_congestion_control": "reno"], gain: 2),
        // Segments that the far link does not carry, and nobody says so.
        Circle(name: "mss", subject: .mss, reverse: [.fault(.mssRaised)], impairment: delayed(1), farMTU: 1400),
        // The two ends number the data by different keys.
        Circle(
            name: "mptcp", subject: .mptcp, reverse: [.fault(.multipathKeyChanged)], impairment: delayed(1),
            measure: .download(.multipath),
            nearSettings: ["mptcp/enabled": "1"], farSettings: ["mptcp/enabled": "1"]),
        // Cookies of a time when the path was well: each SYN that bears data is lost, a second each.
        Circle(
            name: "tfo", subject: .tfo, forward: [.strip(TCPOption.fastOpenKind), .fault(.synDataDropped)],
            impairment: delayed(1), measure: .openings,
            nearSettings: ["ipv4/tcp_fastopen": "1"], farSettings: ["ipv4/tcp_fastopen": "3"]),
    ]
}
