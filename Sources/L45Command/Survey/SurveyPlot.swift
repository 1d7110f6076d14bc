import Foundation
import HiccupsGuard

/// A survey as a drawing: what arrives unchanged by type, as stacked bars, and how many exchanges flows took, cumulated.
struct SurveyPlot {
    let summary: SurveySummary

    private static let width = 960
    private static let height = 470
    private static let parts: [(name: String, colour: String, count: @Sendable (SurveySummary.Sides) -> Int)] = [
        ("both ways", "#4c78a8", { $0.both }), ("SYN only", "#f2b447", { $0.syn }),
        ("SYN-ACK only", "#72b7b2", { $0.synAck }), ("neither", "#d1495b", { $0.neither }),
        ("not told", "#d0d0d0", { $0.unknown }),
    ]

    /// The whole drawing, as SVG 1.1.
    var svg: String {
        var marks = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(Self.width)\" height=\"\(Self.height)\" "
                + "viewBox=\"0 0 \(Self.width) \(Self.height)\" font-family=\"sans-serif\" font-size=\"12\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
            text(
                20, 26, "Unchanged by type, \(summary.outcomes[.capable] ?? 0) capable flows of \(summary.flows)",
                size: 15),
        ]
        marks += bars(left: 96, top: 44, width: 400, row: 22)
        marks += legend(left: 96, top: 426)
        marks.append(
            text(
                560, 26, "Exchanges per flow, mean \(Self.number(summary.meanExchanges))", size: 15))
        marks += curve(left: 600, top: 44, width: 330, height: 352)
        return (marks + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    private func bars(left: Double, top: Double, width: Double, row: Double) -> [String] {
        var marks: [String] = []
        for (index, coverage) in SurveyText.tableOrder.enumerated() {
            let y = top + Double(index) * row
            let sides = summary[coverage]
            let all = max(sides.known + sides.unknown, 1)
            marks.append(text(left - 8, y + 14, coverage.name, anchor: "end"))
            var x = left
            for part in Self.parts {
                let length = width * Double(part.count(sides)) / Double(all)
                if length > 0 { marks.append(box(x, y, length, row - 4, part.colour)) }
                x += length
            }
        }
        let bottom = top + Double(SurveyText.tableOrder.count) * row
        for share in stride(from: 0, through: 100, by: 25) {
            let x = left + width * Double(share) / 100
            marks.append(line(x, top, x, bottom, "#888", dashed: true))
            marks.append(text(x, bottom + 16, "\(share) %", anchor: "middle"))
        }
        return marks
    }

    private func legend(left: Double, top: Double) -> [String] {
        Self.parts.enumerated().flatMap { index, part -> [String] in
            let x = left + Double(index) * 96
            return [box(x, top, 12, 12, part.colour), text(x + 17, top + 10, part.name)]
        }
    }

    private func curve(left: Double, top: Double, width: Double, height: Double) -> [String] {
        let most = max(summary.byExchanges.keys.max() ?? 1, 2)
        func x(_ count: Int) -> Double { left + width * Double(count) / Double(most) }
        func y(_ share: Double) -> Double { top + height * (1 - share) }
        var marks: [String] = []
        for share in stride(from: 0, through: 100, by: 25) {
            marks.append(line(left, y(Double(share) / 100), left + width, y(Double(share) / 100), "#ccc", dashed: true))
            marks.append(text(left - 6, y(Double(share) / 100) + 4, "\(share) %", anchor: "end"))
        }
        var path = "M \(Self.number(x(0))) \(Self.number(y(0)))"
        for count in 1...most {
            path += " H \(Self.number(x(count))) V \(Self.number(y(summary.share(within: count))))"
        }
        marks.append("<path d=\"\(path)\" fill=\"none\" stroke=\"#4c78a8\" stroke-width=\"2\"/>")
        for count in stride(from: 0, through: most, by: max(1, most / 10)) {
            marks.append(text(x(count), top + height + 16, "\(count)", anchor: "middle"))
        }
        marks.append(text(left + width / 2, top + height + 34, "exchanges until all is known", anchor: "middle"))
        return marks
    }

    private static func number(_ value: Double) -> String {
        value.formatted(
            .number.precision(.fractionLength(0...2)).grouping(.never).locale(Locale(identifier: "en_US_POSIX")))
    }

    private func text(_ x: Double, _ y: Double, _ words: String, anchor: String = "start", size: Int = 12) -> String {
        "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" text-anchor=\"\(anchor)\" font-size=\"\(size)\">\(words)</text>"
    }

    private func box(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ colour: String) -> String {
        "<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(width))\" "
            + "height=\"\(Self.number(height))\" fill=\"\(colour)\"/>"
    }

    private func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String, dashed: Bool
    ) -> String {
        "<line x1=\"\(Self.number(x1))\" y1=\"\(Self.number(y1))\" x2=\"\(Self.number(x2))\" y2=\"\(Self.number(y2))\" "
            + "stroke=\"\(colour)\"\(dashed ? " stroke-dasharray=\"2 3\"" : "")/>"
    }
}
