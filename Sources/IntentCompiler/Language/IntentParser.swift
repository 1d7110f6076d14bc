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
        var preamble = FilePreamble.none
        for (number, document) in documents.enumerated() {
            if SourceText.isBlank(document.text) {
                let place = text.place(ofLine: document.markerLine ?? document.firstLine)
                result.diagnostics.append(Diagnostic(at: place, "this document is empty", hint: "remove the '---'"))
                continue
            }
            let (value, diagnostics) = YAMLReader.read(document, in: text)
            result.diagnostics += diagnostics.ruled(.yaml)
            guard let value else { continue }
            if FilePreamble.isMeant(value) {
                let found = FilePreamble(value, in: text)
                result.diagnostics += found.diagnostics.inReadingOrder()
                if number == 0 {
                    preamble = found
                } else {
                    result.diagnostics.append(
                        Diagnostic(
                            at: value.place, "variables and defaults are the first document of their file",
                            hint: "move this document to the top"))
                }
                continue
            }
            var variables = Variables(preamble.variables.known, isBroken: preamble.variables.isBroken)
            let filled = variables.fill(value)
            var decoder = IntentDecoder(text, preamble)
            if let intent = decoder.decode(filled, document: document.text), variables.unresolved.isEmpty {
                let isWhole = variables.used.isEmpty && !decoder.tookDefaults
                result.intents.append(isWhole ? intent : Self.selfContained(intent))
            }
            preamble.used.formUnion(variables.used)
            result.diagnostics +=
                (variables.diagnostics + variables.explained(decoder.diagnostics)).inReadingOrder()
        }
        if !result.diagnostics.hasErrors { result.diagnostics += preamble.unused }
        return result
    }

    /// The text of an intent is stored and read again by itself: what it has of its file is written out in it.
    private static func selfContained(_ intent: Intent) -> Intent {
        var intent = intent
        intent.document = "# With the variables and defaults of its file filled in.\n" + explain(intent)
        return intent
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
