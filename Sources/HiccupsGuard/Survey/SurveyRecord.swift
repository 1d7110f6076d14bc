/// The result of one flow, a path and what was asked for over it, as a line of JSON: all that the tables are made of.
package struct SurveyRecord: Hashable, Sendable, Codable {
    package enum Outcome: String, Hashable, Sendable, Codable, CaseIterable {
        case capable
        case notCapable = "not-capable"
        case refused
        case silent
        case unreachable
    }

    package let address: String
    package let port: UInt16
    /// What the SYN asked for, as ``ProbeTrial/init(parsing:)`` reads it.
    package let asked: String
    package internal(set) var outcome: Outcome
    /// Why it is unreachable.
    package let reason: String?
    /// SYNs that were answered.
    package let exchanges: Int
    package let syns: Int
    /// The SYN's sixteen types in the order of their numbers, then ISN, IPID and window: ``intact``, ``intactByOne``,
    /// ``changed``, ``unknown``.
    package internal(set) var syn: String
    /// The SYN-ACK's.
    package internal(set) var synAck: String
    package let answeredFrom: String?
    package let roundTripMicroseconds: Int64?

    package static let intact: UInt8 = 0x3d  // =
    /// By one fragment: wrong once in 4096 changes.
    package static let intactByOne: UInt8 = 0x7e  // ~
    package static let changed: UInt8 = 0x78  // x
    package static let unknown: UInt8 = 0x3f  // ?

    package init(_ report: ProbeReport, asked: String) {
        address = "\(report.target.address)"
        port = report.target.port
        self.asked = asked
        var reason: String?
        switch report.outcome {
        case .capable: outcome = .capable
        case .notCapable: outcome = .notCapable
        case .refused: outcome = .refused
        case .silent: outcome = .silent
        case .unreachable(let why):
            outcome = .unreachable
            reason = why.rawValue
        }
        self.reason = reason
        exchanges = report.exchanges
        syns = report.synsSent
        syn = Self.text(report.knowledge, .forward)
        synAck = Self.text(report.knowledge, .reverse)
        answeredFrom = report.answeredFrom.map { "\($0)" }
        roundTripMicroseconds = report.roundTrip.map {
            $0.components.seconds * 1_000_000 + $0.components.attoseconds / 1_000_000_000_000
        }
    }

    private static func text(_ knowledge: PathKnowledge, _ direction: Direction) -> String {
        let verdicts =
            Coverage.allCases.map { knowledge[direction, $0] } + Carrier.allCases.map { knowledge[direction, $0] }
        return String(
            decoding: verdicts.map { verdict in
                switch verdict {
                case .unknown: unknown
                case .intact(.oneFragment): intactByOne
                case .intact(.twoFragments): intact
                case .changed: changed
                }
            }, as: UTF8.self)
    }

    /// As JSON on one line. Written by hand: a survey writes ten thousands a second, and none of the texts needs an escape.
    package var line: String {
        var line =
            "{\"address\":\"\(address)\",\"port\":\(port),\"asked\":\"\(asked)\",\"outcome\":\"\(outcome.rawValue)\""
        if let reason { line += ",\"reason\":\"\(reason)\"" }
        line += ",\"exchanges\":\(exchanges),\"syns\":\(syns),\"syn\":\"\(syn)\",\"synAck\":\"\(synAck)\""
        if let answeredFrom { line += ",\"answeredFrom\":\"\(answeredFrom)\"" }
        if let roundTripMicroseconds { line += ",\"roundTripMicroseconds\":\(roundTripMicroseconds)" }
        return line + "}"
    }

    /// Whether lines of this length can be read back: files may have been edited.
    package var isWhole: Bool {
        syn.utf8.count == Coverage.allCases.count + Carrier.allCases.count && synAck.utf8.count == syn.utf8.count
            && exchanges >= 0 && syns >= 0
    }

    /// True: intact; false: changed; nil: not known.
    func isIntact(_ direction: Direction, _ coverage: Coverage) -> Bool? {
        verdict(direction, Int(coverage.rawValue))
    }

    func isIntact(_ direction: Direction, _ carrier: Carrier) -> Bool? {
        verdict(direction, Coverage.allCases.count + carrier.rawValue)
    }

    private func verdict(_ direction: Direction, _ index: Int) -> Bool? {
        let text = (direction == .forward ? syn : synAck).utf8
        switch text[text.index(text.startIndex, offsetBy: index)] {
        case Self.intact, Self.intactByOne: return true
        case Self.changed: return false
        default: return nil
        }
    }
}
