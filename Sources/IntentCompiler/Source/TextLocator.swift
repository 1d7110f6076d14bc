/// Finds the words of a scalar in the source: a parser's mark says where a scalar begins, and no more.
struct TextLocator {
    private let source: SourceText

    init(_ source: SourceText) { self.source = source }

    /// How much of its first line a scalar covers, quotes included.
    func length(of scalar: YAMLScalar) -> Int {
        switch scalar.style {
        case .block: return 1
        case .plain: return max(1, lastWordEnd(of: scalar) - scalar.place.column)
        case .quoted:
            let end = lastWordEnd(of: scalar)
            return end > scalar.place.column ? end + 1 - scalar.place.column : 1
        }
    }

    /// The column after the scalar's last word on its first line; its own column when its words are not found.
    private func lastWordEnd(of scalar: YAMLScalar) -> Int {
        let words = scalar.text.unicodeScalars.split { $0 == " " || $0 == "\n" }.map { String($0) }
        let places = places(of: words, in: scalar)?.prefix { $0.line == scalar.place.line }
        return places?.last.map { $0.column + $0.length } ?? scalar.place.column
    }

    /// The place of each word, in order, when the source has them as they are with nothing but white space between; nil
    /// when it writes them in another way, such as with escapes.
    func places(of words: [String], in scalar: YAMLScalar) -> [SourcePlace]? {
        var line = scalar.place.line
        var column = scalar.place.column
        if scalar.style == .quoted { column += 1 }
        if scalar.style == .block {
            line += 1
            column = 1
        }
        var places: [SourcePlace] = []
        for word in words {
            let letters = Array(word.unicodeScalars)
            while source.lines.indices.contains(line - 1), !hasText(line, from: column) {
                line += 1
                column = 1
            }
            guard source.lines.indices.contains(line - 1) else { return nil }
            let text = source.lines[line - 1]
            while column <= text.count, isSpace(text[column - 1]) { column += 1 }
            let end = column - 1 + letters.count
            guard end <= text.count, text[(column - 1)..<end].elementsEqual(letters) else { return nil }
            places.append(source.place(line: line, column: column, length: letters.count))
            column = end + 1
        }
        return places
    }

    private func hasText(_ line: Int, from column: Int) -> Bool {
        source.lines[line - 1].dropFirst(column - 1).contains { !isSpace($0) }
    }

    private func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" || scalar == "\r" }
}
