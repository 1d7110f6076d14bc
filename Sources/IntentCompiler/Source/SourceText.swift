/// A file as lines, and the documents in it.
struct SourceText {
    /// One YAML document.
    struct Document {
        /// The line of the file that the text begins on, from 1.
        var firstLine: Int
        /// Byte for byte; the marker line `---` only when it carries content itself.
        var text: String
        /// The line of its `---`; nil when it needs none.
        var markerLine: Int?
    }

    let origin: String
    /// Without line ends.
    let lines: [[Unicode.Scalar]]

    init(_ source: IntentSource) {
        origin = source.origin
        var scalars = Substring(source.text).unicodeScalars
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        lines = scalars.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
    }

    /// The line as its reader sees it: without a carriage return at its end.
    private func visible(_ line: Int) -> ArraySlice<Unicode.Scalar>? {
        guard lines.indices.contains(line - 1) else { return nil }
        let text = lines[line - 1]
        return text.last == "\r" ? text.dropLast() : text[...]
    }

    func place(line: Int, column: Int, length: Int = 1) -> SourcePlace {
        // A mark at the end of the text may be a line past the last: show it at the end of the last one.
        guard line <= lines.count else {
            let last = visible(lines.count) ?? []
            return place(line: max(1, lines.count), column: last.count + 1)
        }
        let excerpt = visible(line).map { String(String.UnicodeScalarView($0)) }
        return SourcePlace(origin: origin, line: line, column: max(1, column), length: length, excerpt: excerpt)
    }

    /// The place of a whole line, its indentation left out.
    func place(ofLine line: Int) -> SourcePlace {
        let text = visible(line) ?? []
        let indent = text.prefix { $0 == " " || $0 == "\t" }.count
        return place(line: line, column: indent + 1, length: text.count - indent)
    }

    // MARK: documents

    /// Cuts at the lines that YAML reserves for it: `---` and `...` at the start of a line mark a document wherever they
    /// stand, also within quotes. So a mistake in one document hides none in the next.
    func documents() -> [Document] {
        var documents: [Document] = []
        var current = Document(firstLine: 1, text: "", markerLine: nil)
        var kept: [ArraySlice<Unicode.Scalar>] = []
        func close() -> Document {
            var whole = String.UnicodeScalarView()
            for line in kept { whole.append(contentsOf: line) }
            var document = current
            document.text = String(whole)
            return document
        }
        for (index, line) in lines.enumerated() {
            let isLast = index == lines.count - 1
            let whole = (isLast ? line : line + ["\n"])[...]
            switch marker(line) {
            case nil:
                kept.append(whole)
            case .start(let carriesContent):
                documents.append(close())
                current = Document(firstLine: carriesContent ? index + 1 : index + 2, text: "", markerLine: index + 1)
                kept = carriesContent ? [whole] : []
            case .end:
                documents.append(close())
                current = Document(firstLine: index + 2, text: "", markerLine: nil)
                kept = []
            }
        }
        documents.append(close())
        // What stands before the first `---`, or after `...`, is a document only when it holds something.
        return documents.filter { $0.markerLine != nil || !Self.isBlank($0.text) }
    }

    private enum Marker { case start(carriesContent: Bool), end }

    private func marker(_ line: [Unicode.Scalar]) -> Marker? {
        guard line.count >= 3, line.count == 3 || Self.isSpace(line[3]) else { return nil }
        let rest = line.dropFirst(3).drop(while: Self.isSpace)
        switch (line[0], line[1], line[2]) {
        case ("-", "-", "-"): return .start(carriesContent: !(rest.isEmpty || rest.first == "#"))
        case (".", ".", "."): return .end
        default: return nil
        }
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" || scalar == "\r" }

    /// Only white space and comments.
    static func isBlank(_ text: String) -> Bool {
        text.unicodeScalars.split(separator: "\n").allSatisfy { line in
            let rest = line.drop(while: isSpace)
            return rest.isEmpty || rest.first == "#"
        }
    }

    // MARK: characters

    /// Characters that no intent needs and that make line numbers or indentation a matter of opinion: control characters,
    /// line separators other than LF and CRLF, a byte order mark inside, a tab in an indentation.
    func badCharacters() -> [Diagnostic] {
        var found: [Diagnostic] = []
        for (index, line) in lines.enumerated() where found.count < SourceBounds.diagnosticsMax {
            let lineNumber = index + 1
            let content = line.last == "\r" ? line.dropLast() : line[...]
            if let column = content.firstIndex(where: Self.isForbidden) {
                let code = String(content[column].value, radix: 16, uppercase: true)
                let digits = String(repeating: "0", count: max(0, 4 - code.count)) + code
                let message = "character U+\(digits) does not belong in an intent"
                found.append(Diagnostic(at: place(line: lineNumber, column: column + 1), message, hint: "remove it"))
            }
            let indent = content.prefix { $0 == " " || $0 == "\t" }
            if indent.count < content.count, content[indent.count] != "#", let tab = indent.firstIndex(of: "\t") {
                let message = "a tab indents this line"
                found.append(
                    Diagnostic(
                        at: place(line: lineNumber, column: tab + 1), message, hint: "YAML indents with spaces: use two"
                    ))
            }
        }
        return found
    }

    static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09: false
        case 0...0x1f, 0x7f...0x9f, 0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff: true
        default: false
        }
    }
}
