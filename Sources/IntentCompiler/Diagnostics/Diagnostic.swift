/// Something to tell the author of an intent: where, what, and the way out.
package struct Diagnostic: Error, Hashable, Codable, Sendable {
    package enum Severity: String, Hashable, Codable, Sendable {
        /// The intent is refused.
        case error
        /// The intent is taken; its author should know.
        case warning
    }

    /// A second place that the message is about.
    package struct Note: Hashable, Codable, Sendable {
        package var place: SourcePlace
        package var message: String
        package init(place: SourcePlace, message: String) {
            self.place = place
            self.message = message
        }
    }

    package var severity: Severity
    package var place: SourcePlace
    /// One sentence without a full stop; names the thing and the numbers.
    package var message: String
    /// The way out, `did you mean 'tag'?`.
    package var hint: String?
    package var notes: [Note]
    /// The kind of mistake, for those that sort and count them.
    package var rule: DiagnosticRule

    package init(
        _ severity: Severity = .error, at place: SourcePlace, _ message: String, hint: String? = nil,
        notes: [Note] = [], rule: DiagnosticRule = .intent
    ) {
        self.severity = severity
        self.place = place
        self.message = message
        self.hint = hint
        self.notes = notes
        self.rule = rule
    }

    package var origin: String { place.origin }
    package var line: Int { place.line }
    package var column: Int { place.column }

    /// For a terminal or a log, lines without a newline at the end:
    ///
    ///     intents/dns.yaml:7:5: error: unknown phrase 'tga dig DNS'
    ///        7 |   - tga dig DNS
    ///          |     ^~~ did you mean 'tag'?
    package func rendered() -> String {
        var lines = ["\(place.short): \(severity.rawValue): \(message)"]
        lines += Self.excerptLines(place, caretText: hint)
        for note in notes {
            lines.append("\(note.place.short): note: \(note.message)")
            lines += Self.excerptLines(note.place, caretText: nil)
        }
        return lines.joined(separator: "\n")
    }

    /// Excerpts wider than this are cut: a line of a megabyte tells nobody anything.
    private static let excerptColumnsMax = 160

    private static func excerptLines(_ place: SourcePlace, caretText: String?) -> [String] {
        guard let excerpt = place.excerpt, place.column <= excerptColumnsMax else {
            return caretText.map { ["     = \($0)"] } ?? []
        }
        let number = String(place.line)
        let gutter = String(repeating: " ", count: max(0, 4 - number.count)) + number
        let blank = String(repeating: " ", count: gutter.count)
        let scalars = Array(excerpt.unicodeScalars)
        let shown = String(String.UnicodeScalarView(scalars.prefix(excerptColumnsMax)))
        // Tabs before the caret are kept, so that it stands under its word whatever a terminal makes of them.
        var lead = String.UnicodeScalarView()
        for column in 0..<(place.column - 1) {
            lead.append(column < scalars.count && scalars[column] == "\t" ? "\t" : " ")
        }
        let width = min(place.length, max(1, min(scalars.count, excerptColumnsMax) - place.column + 1))
        let caret = "^" + String(repeating: "~", count: width - 1)
        let hint = caretText.map { " \($0)" } ?? ""
        return [
            "\(gutter) | \(shown)\(scalars.count > excerptColumnsMax ? "…" : "")",
            "\(blank) | \(String(lead))\(caret)\(hint)",
        ]
    }
}

extension Array where Element == Diagnostic {
    /// Those that say no kind themselves are of this one.
    func ruled(_ rule: DiagnosticRule) -> [Diagnostic] {
        map { diagnostic in
            guard diagnostic.rule == .intent else { return diagnostic }
            var ruled = diagnostic
            ruled.rule = rule
            return ruled
        }
    }

    package var hasErrors: Bool { contains { $0.severity == .error } }

    /// In the order of reading: by origin, line, column; errors before warnings.
    package func inReadingOrder() -> [Diagnostic] {
        sorted { a, b in
            let left = (a.origin, a.line, a.column, a.severity == .error ? 0 : 1)
            let right = (b.origin, b.line, b.column, b.severity == .error ? 0 : 1)
            return left == right ? a.message < b.message : left < right
        }
    }

    /// All of them, a blank line between two.
    package func rendered() -> String { map { $0.rendered() }.joined(separator: "\n\n") }
}
