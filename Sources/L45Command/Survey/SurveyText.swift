import Foundation
import HiccupsGuard

/// The tables of a survey, for people.
enum SurveyText {
    static func text(_ summary: SurveySummary, _ palette: Palette = .plain) -> String {
        var parts = [outcomes(summary).text(palette)]
        if summary.outcomes[.capable] != nil {
            parts += [types(summary).text(palette), changes(summary).text(palette), exchanges(summary).text(palette)]
        }
        return parts.joined(separator: "\n\n")
    }

    static func name(_ outcome: SurveyRecord.Outcome) -> String {
        switch outcome {
        case .capable: "HICCUPS-capable"
        case .notCapable: "not HICCUPS-capable"
        case .refused: "refused"
        case .silent: "no answer"
        case .unreachable: "unreachable"
        }
    }

    private static func outcomes(_ summary: SurveySummary) -> Table {
        var table = Table(columns: ["OUTCOME", "FLOWS", "SHARE"])
        func row(_ name: String, _ count: Int) {
            table.rows.append(["\(name)", "\(count)", "\(percent(count, summary.flows))"])
        }
        for outcome in SurveyRecord.Outcome.allCases {
            if let count = summary.outcomes[outcome] { row(name(outcome), count) }
        }
        if summary.answeredFromElsewhere > 0 { row("answered from elsewhere", summary.answeredFromElsewhere) }
        row("all", summary.flows)
        return table
    }

    /// Seed table 8.4.
    private static func types(_ summary: SurveySummary) -> Table {
        var table = Table(columns: ["UNCHANGED", "BOTH", "SYN ONLY", "SYN-ACK ONLY", "NEITHER", "NOT TOLD"])
        for coverage in tableOrder {
            let sides = summary[coverage]
            table.rows.append(
                [
                    "\(coverage.name)", "\(sides.both)", "\(sides.syn)", "\(sides.synAck)", "\(sides.neither)",
                    "\(sides.unknown)",
                ])
        }
        return table
    }

    /// Seed table 8.5.
    private static func changes(_ summary: SurveySummary) -> Table {
        var table = Table(columns: ["CHANGE", "BOTH", "SYN", "SYN-ACK", "FLOWS", "AFFECTED"])
        for (change, sides) in summary.changes.sorted(by: { $0.key < $1.key }) where sides.known > 0 {
            let changed = sides.both + sides.syn + sides.synAck
            table.rows.append(
                [
                    "\(change)", "\(sides.both)", "\(sides.syn)", "\(sides.synAck)", "\(sides.known)",
                    "\(percent(changed, sides.known))",
                ])
        }
        return table
    }

    /// Seed figure 8.3.
    private static func exchanges(_ summary: SurveySummary) -> Table {
        var table = Table(columns: ["EXCHANGES", "FLOWS", "SOLVED BY THEN"])
        for (count, flows) in summary.byExchanges.sorted(by: { $0.key < $1.key }) {
            table.rows.append(["\(count)", "\(flows)", "\(percent(summary.share(within: count)))"])
        }
        let mean = summary.meanExchanges.formatted(.number.precision(.fractionLength(2)))
        table.rows.append(["mean \(mean)", "\(summary.outcomes[.capable] ?? 0)", ""])
        return table
    }

    /// The order of the seed's table 8.4.
    static let tableOrder: [Coverage] = [.full, .nat] + Coverage.allCases.filter { $0 != .full && $0 != .nat }

    private static func percent(_ part: Int, _ whole: Int) -> String {
        percent(Double(part) / Double(max(whole, 1)))
    }

    static func percent(_ share: Double) -> String {
        (share * 100).formatted(.number.precision(.fractionLength(2))) + " %"
    }
}
