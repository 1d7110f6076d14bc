import Foundation
import HiccupsGuard
import Testing

@testable import L45Command

/// What a survey writes: lines that can be read back, tables, a drawing.
struct SurveyTests {
    private func report(_ port: UInt16) throws -> ProbeReport {
        var report = ProbeReport(
            target: ProbeTarget(address: try #require(HostAddress("2001:db8::1")), port: port), outcome: .capable)
        report.exchanges = 2
        report.synsSent = 3
        report.answeredFrom = HostAddress("192.0.2.9")
        report.roundTrip = .microseconds(1234)
        return report
    }

    @Test("A line of results says what its record holds, in JSON")
    func line() throws {
        for outcome: ProbeReport.Outcome in [.capable, .notCapable, .refused, .silent, .unreachable(.noRoute)] {
            var report = try report(443)
            report.outcome = outcome
            let record = SurveyRecord(report, asked: ProbeTrial.seed[1].description)
            let back = try JSONDecoder().decode(SurveyRecord.self, from: Data(record.line.utf8))
            #expect(back == record)
            #expect(back.isWhole)
        }
    }

    @Test("The CSV has the same number of cells in every row")
    func csv() throws {
        var summary = SurveySummary()
        summary.add(SurveyRecord(try report(1), asked: "mss=1460"))
        let lines = SurveyCSV.text(summary).split(separator: "\n")
        #expect(lines.count > 20)
        #expect(lines.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == 8 })
    }

    @Test("A survey without a single answer has tables and a drawing all the same")
    func nothing() throws {
        let summary = SurveySummary()
        #expect(SurveyText.text(summary).contains("all"))
        let document = try XMLish(SurveyPlot(summary: summary).svg)
        #expect(document.isBalanced)
    }

    @Test(
        "Targets are hosts, ports and blocks; a name that nobody knows is kept aside",
        arguments: ["10.0.0.1:x", "[::1", "[::1]x", ":80", "10.0.0.0/33"])
    func targets(bad: String) throws {
        var targets = SurveyTargets(ports: [80, 443])
        try targets.add("192.0.2.1")
        try targets.add("192.0.2.1:22")
        try targets.add("192.0.2.0/30")
        try targets.add("[2001:db8::/127]:1-3")
        try targets.add("2001:db8::5")
        #expect(targets.list.count == 2 + 1 + 8 + 6 + 2)
        try targets.add("nobody.invalid")
        #expect(targets.unresolvable.count == 1)
        #expect(throws: CommandEnd.self) { try targets.add(bad) }
        #expect(targets.list.count == 19)
    }
}

/// Whether each tag of a drawing is closed.
private struct XMLish {
    let isBalanced: Bool

    init(_ text: String) throws {
        var depth = 0
        var isSound = true
        for piece in text.split(separator: "<").dropFirst(text.hasPrefix("<") ? 0 : 1) {
            if piece.hasPrefix("/") { depth -= 1 } else if !piece.contains("/>") { depth += 1 }
            isSound = isSound && depth >= 0
        }
        isBalanced = isSound && depth == 0
    }
}
