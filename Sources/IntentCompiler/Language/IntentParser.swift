import L45Model

/// What files of intents say.
package struct ParseResult: Sendable {
    /// Those without an error, in the order of reading.
    package var intents: [Intent]
    /// Every mistake of every file, in the order of reading.
    package var diagnostics: [Diagnostic]

    package init(intents: [Intent], diagnostics: [Diagnostic]) {
        self.intents = intents
        self.diagnostics = diagnostics
    }
}

/// Reads intents. Pure: the caller has read the files.
package enum IntentParser {
    package static func parse(_ source: IntentSource) -> ParseResult { parse([source]) }

    /// Several files at once: a name may stand in only one of them.
    package static func parse(_ sources: [IntentSource]) -> ParseResult {
        var result = ParseResult(intents: [], diagnostics: [])
        for source in sources {
            let one = parseFile(source)
            result.intents += one.intents
            // One broken file must not drown the others.
            result.diagnostics += one.diagnostics.prefix(SourceBounds.diagnosticsMax)
        }
        refuseRepeatedNames(&result)
        return result
    }

    private static func parseFile(_ source: IntentSource) -> ParseResult {
        let bytes = source.text.utf8.count
        if bytes > SourceBounds.fileBytesMax {
            let place = SourcePlace(origin: source.origin, line: 1, column: 1)
            let message = "this file has \(bytes) bytes, a file of intents at most \(SourceBounds.fileBytesMax)"
            return ParseResult(
                intents: [],
                diagnostics: [Diagnostic(at: place, message, hint: "split it into several files", rule: .file)])
        }
        let text = SourceText(source)
        let bad = text.badCharacters()
        if !bad.isEmpty { return ParseResult(intents: [], diagnostics: bad.ruled(.yaml)) }
        let documents = text.documents()
        if documents.isEmpty {
            let hint = "an intent has a 'name:' and an 'intent:' with at least one phrase"
            return ParseResult(
                intents: [],
                diagnostics: [Diagnostic(at: text.place(line: 1, column: 1), "this file holds no intent", hint: hint)])
        }
        if documents.count > SourceBounds.documentsMax {
            let place = text.place(ofLine: documents[SourceBounds.documentsMax].firstLine)
            let message = "this file has \(documents.count) documents, at most \(SourceBounds.documentsMax) are read"
            return ParseResult(
                intents: [],
                diagnostics: [Diagnostic(at: place, message, hint: "split it into several files", rule: .file)])
        }
        var result = ParseResult(intents: [], diagnostics: [])
        for document in documents {
            if SourceText.isBlank(document.text) {
                let place = text.place(ofLine: document.markerLine ?? document.firstLine)
                result.diagnostics.append(Diagnostic(at: place, "this document is empty", hint: "remove the '---'"))
                continue
            }
            let (value, diagnostics) = YAMLReader.read(document, in: text)
            result.diagnostics += diagnostics.ruled(.yaml)
            guard let value else { continue }
            var decoder = IntentDecoder(text)
            if let intent = decoder.decode(value, document: document.text) { result.intents.append(intent) }
            result.diagnostics += decoder.diagnostics.inReadingOrder()
        }
        return result
    }

    private static func refuseRepeatedNames(_ result: inout ParseResult) {
        var first: [IntentName: SourcePlace] = [:]
        var kept: [Intent] = []
        for intent in result.intents {
            if let place = first[intent.name] {
                let notes = [Diagnostic.Note(place: place, message: "the first one is here")]
                result.diagnostics.append(
                    Diagnostic(
                        at: intent.places.name, "two intents are named '\(intent.name)'", hint: "rename one of them",
                        notes: notes, rule: .name))
            } else {
                first[intent.name] = intent.places.name
                kept.append(intent)
            }
        }
        result.intents = kept
    }
}
