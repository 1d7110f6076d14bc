import HiccupsGuard

/// The tables of a survey for other programs: one row each, the table's name in front.
enum SurveyCSV {
    static func text(_ summary: SurveySummary) -> String {
        var lines = ["table,row,flows,both,syn,syn_ack,neither,unknown"]
        for outcome in SurveyRecord.Outcome.allCases {
            lines.append("outcome,\(SurveyText.name(outcome)),\(summary.outcomes[outcome] ?? 0),,,,,")
        }
        func row(_ table: String, _ name: String, _ sides: SurveySummary.Sides) {
            lines.append(
                "\(table),\(name),\(sides.known + sides.unknown),\(sides.both),\(sides.syn),\(sides.synAck),"
                    + "\(sides.neither),\(sides.unknown)")
        }
        for coverage in SurveyText.tableOrder { row("unchanged", coverage.name, summary[coverage]) }
        for (change, sides) in summary.changes.sorted(by: { $0.key < $1.key }) { row("changed", "\(change)", sides) }
        for (count, flows) in summary.byExchanges.sorted(by: { $0.key < $1.key }) {
            lines.append("exchanges,\(count),\(flows),,,,,")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
