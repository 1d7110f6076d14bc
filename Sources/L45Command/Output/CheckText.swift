/// `l45 check`: a line each, and below it the way out where there has to be one.
enum CheckText {
    static func text(_ lines: [CheckLine], _ palette: Palette) -> String {
        let width = lines.map(\.subject.count).max() ?? 0
        return lines.map { line in
            let (word, tone): (String, Tone) =
                switch line.verdict {
                case .well: ("ok   ", .good)
                case .warning: ("warn ", .warning)
                case .unfit: ("unfit", .bad)
                }
            let room = String(repeating: " ", count: width - line.subject.count + 2)
            let head = "\(palette.paint(word, tone))  \(line.subject)\(room)\(Printable.line(line.found))"
            guard let wayOut = line.wayOut else { return head }
            return head + "\n" + String(repeating: " ", count: 7 + width + 2) + Printable.line(wayOut)
        }.joined(separator: "\n")
    }
}
