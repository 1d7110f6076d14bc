import HiccupsGuard
import L45Model

/// What `l45 probe` says of one path.
enum ProbeText {
    static func text(_ report: ProbeReport) -> String {
        let host = report.target.address.isIPv6 ? "[\(report.target.address)]" : "\(report.target.address)"
        var lines = ["\(host):\(report.target.port)  \(outcome(report))"]
        for direction in Direction.allCases where report.outcome == .capable {
            let found = report.findings.filter { $0.direction == direction }.map { subject($0.subject) }
            lines.append("  \(name(direction))  " + (found.isEmpty ? "no change" : found.joined(separator: ", ")))
        }
        if let verdict = report.appSalt { lines.append("  AppSalt  " + salted(verdict, report)) }
        if let other = report.answeredFrom { lines.append("  answered from \(other), which does not count") }
        if report.outcome == .silent {
            if report.unreadable > 0 {
                lines.append(
                    "  \(packets(report.unreadable)) in answer could not be read: malformed, or a wrong checksum")
            }
            if report.unasked > 0 {
                lines.append(
                    "  \(packets(report.unasked)) from it answered nothing that was asked: a wrong port or acknowledgement"
                )
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func salted(_ verdict: AppSaltVerdict, _ report: ProbeReport) -> String {
        switch verdict {
        case .intact: "no change of the SYN, which nobody can have recomputed"
        case .changed where report.knowledge[.forward, .noNAT].isIntact:
            "the SYN was changed, and its public fragments match: they are recomputed on the way"
        case .changed: "the SYN was changed"
        case .untold: "not told: the far end answers no AppSalt, or the data is lost on the way"
        }
    }

    private static func packets(_ count: Int) -> String { counted(count, "packet") }

    static func outcome(_ report: ProbeReport) -> String {
        let count = counted(report.exchanges, "exchange")
        return switch report.outcome {
        case .capable: "HICCUPS-capable, \(count)"
        case .notCapable:
            "not HICCUPS-capable, \(count): the far end takes no part, or two carriers or more are overwritten"
        case .refused: "refused: the far end answers with RST"
        case .silent where report.exchanges > 0: "no answer any more, after \(count)"
        case .silent: "no answer to \(report.synsSent) SYNs"
        case .unreachable(let why): "unreachable: \(why.rawValue)"
        }
    }

    static func name(_ direction: Direction) -> String { direction == .forward ? "SYN    " : "SYN-ACK" }

    static func subject(_ subject: PathFinding.Subject) -> String {
        switch subject {
        case .fields(let coverage): "\(coverage.name) changed"
        case .carrier(let carrier): "\(carrier) overwritten"
        case .otherOptions: "other options changed"
        case .otherHeader: "other header fields changed"
        }
    }
}

/// One report as JSON.
struct ProbeView: Encodable, Sendable {
    let address: String
    let port: UInt16
    /// `capable`, `not-capable`, `refused`, `silent`, `unreachable`.
    let outcome: String
    let message: String
    let exchanges: Int
    let synsSent: Int
    let synChanges: [String]
    let synAckChanges: [String]
    let answeredFrom: String?
    /// `intact`, `changed`, `untold`.
    let appSalt: String?
    /// Answers that could not be read, and packets that answered nothing that was asked.
    let unreadable: Int
    let unasked: Int
    let roundTripMicroseconds: Int64?

    init(_ report: ProbeReport) {
        address = "\(report.target.address)"
        port = report.target.port
        outcome =
            switch report.outcome {
            case .capable: "capable"
            case .notCapable: "not-capable"
            case .refused: "refused"
            case .silent: "silent"
            case .unreachable: "unreachable"
            }
        message = ProbeText.outcome(report)
        exchanges = report.exchanges
        synsSent = report.synsSent
        func changes(_ direction: Direction) -> [String] {
            report.findings.filter { $0.direction == direction }.map { ProbeText.subject($0.subject) }
        }
        synChanges = changes(.forward)
        synAckChanges = changes(.reverse)
        answeredFrom = report.answeredFrom.map { "\($0)" }
        appSalt = report.appSalt?.rawValue
        unreadable = report.unreadable
        unasked = report.unasked
        roundTripMicroseconds = report.roundTrip.map {
            $0.components.seconds * 1_000_000 + $0.components.attoseconds / 1_000_000_000_000
        }
    }
}
