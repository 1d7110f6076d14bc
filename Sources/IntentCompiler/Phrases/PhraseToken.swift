/// A word of a phrase, and where it stands.
struct PhraseToken {
    /// Quotes around it taken off.
    var text: String
    var isQuoted: Bool
    var place: SourcePlace

    /// Without the comma that parts it from what follows.
    var withoutComma: PhraseToken {
        guard !isQuoted, text.utf8.count > 1, text.hasSuffix(",") else { return self }
        var token = self
        token.text.removeLast()
        token.place.length = max(1, place.length - 1)
        return token
    }

    func isWord(_ word: String) -> Bool { !isQuoted && text.lowercased() == word }

    /// Takes `sign` off the end, as often as it stands there.
    mutating func dropLast(_ sign: Character) {
        while text.last == sign {
            text.removeLast()
            place.length = max(1, place.length - 1)
        }
    }

    /// Its parts between `sign`, without empty ones.
    func split(at sign: Character) -> [PhraseToken] {
        if isQuoted { return [self] }
        var column = place.column
        return text.split(separator: sign, omittingEmptySubsequences: false).compactMap { part in
            defer { column += part.unicodeScalars.count + 1 }
            guard !part.isEmpty else { return nil }
            var token = PhraseToken(text: String(part), isQuoted: false, place: place)
            token.place.column = column
            token.place.length = part.unicodeScalars.count
            return token
        }
    }

    /// Cuts a phrase at blanks; quotes of either kind hold words together.
    static func tokens(of phrase: YAMLScalar, locator: TextLocator) throws(Diagnostic) -> [PhraseToken] {
        var tokens: [(text: String, raw: [String], isQuoted: Bool)] = []
        var raw = String.UnicodeScalarView()
        var quote: Unicode.Scalar?
        func flush() {
            guard !raw.isEmpty else { return }
            let written = String(raw)
            let isQuoted = raw.first == "\"" || raw.first == "'"
            let text = isQuoted ? String(written.dropFirst().dropLast()) : written
            // A quoted text may hold blanks: it is found in the source word by word.
            let pieces = written.unicodeScalars.split { isBlank($0) }.map { String($0) }
            tokens.append((text, pieces, isQuoted))
            raw = String.UnicodeScalarView()
        }
        for scalar in phrase.text.unicodeScalars {
            if let open = quote {
                raw.append(scalar)
                if scalar == open {
                    quote = nil
                    flush()
                }
            } else if isBlank(scalar) {
                flush()
            } else {
                if raw.isEmpty, scalar == "\"" || scalar == "'" { quote = scalar }
                raw.append(scalar)
            }
        }
        if quote != nil {
            throw Diagnostic(at: phrase.place, "this phrase opens a quote and never closes it", hint: "close it")
        }
        flush()
        let places = locator.places(of: tokens.flatMap(\.raw), in: phrase)
        var next = 0
        return tokens.map { token in
            var place = phrase.place
            if let places {
                let pieces = places[next..<(next + token.raw.count)]
                place = pieces.first ?? place
                if let last = pieces.last, last.line == place.line {
                    place.length = last.column + last.length - place.column
                }
                next += token.raw.count
            }
            return PhraseToken(text: token.text, isQuoted: token.isQuoted, place: place)
        }
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" || scalar == "\n" }
}
