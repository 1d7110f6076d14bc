import L45Model

/// The language as a page of Markdown: every key, every phrase, every protocol, from the tables that the decoder reads by.
package enum IntentReference {
    /// Ends with a line end.
    package static func text() -> String {
        ([opening, phrases, protocols, longForm, fileForm].joined(separator: "\n")) + "\n"
    }

    private static let opening = """
        # The language of intents, \(Definitions.apiVersion)

        Made by `l45 schema --reference`; do not edit. `l45 schema` prints the same as a JSON Schema, which stands in
        [schema/intent.schema.json](../schema/intent.schema.json): editors complete from it and underline what it does not allow,
        with this line at the top of a file:

            # yaml-language-server: $schema=../schema/intent.schema.json

        A file holds any number of documents with `---` between them, at most \(SourceBounds.documentsMax) and
        \(SourceBounds.fileBytesMax) bytes; each document at most \(SourceBounds.documentBytesMax) bytes. One document is one intent.
        YAML anchors, aliases, tags and directives are not taken. `l45 validate -f FILE` says what is wrong with a file, and
        `l45 explain -f FILE` prints the long form that it stands for.

        """

    // MARK: phrases

    private static var phrases: String {
        var lines = [
            "## Phrases", "", "Words in capitals are filled in; clauses come in any order, each at most once.", "",
        ]
        for rule in PhraseGrammar.rules {
            lines += [
                "### `\(rule.shortUsage)`", "", "\(rule.about.sentence) For example:", "",
                "    - \(quoted(rule.sample))", "",
            ]
            guard !rule.clauses.isEmpty else { continue }
            lines += ["| clause | meaning | example |", "|---|---|---|"]
            lines += rule.clauses.map {
                "| `\($0.usage)` | \($0.about) | `\($0.example)` |"
            }
            lines.append("")
        }
        return lines.joined(separator: "\n")
    }

    /// Where it would not be plain text in YAML.
    private static func quoted(_ phrase: String) -> String {
        phrase.contains("'") || phrase.contains(": ") ? "\"\(phrase)\"" : phrase
    }

    private static var protocols: String {
        var lines = [
            "## Protocols", "", "| PROTOCOL | transport | port |", "|---|---|---|",
        ]
        lines += WireProtocol.all.map {
            "| `\($0.name)` | \($0.transport.rawValue) | \($0.port.map(String.init) ?? "`on port PORT`") |"
        }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: mappings

    private static let ofFiles = [
        Definitions.file, Definitions.defaults, Definitions.defaultItem, Definitions.defaultTag,
    ].map(\.name)

    private static var longForm: String {
        let all = Definitions.all.filter { !ofFiles.contains($0.name) }
        return "## The long form\n\n" + all.map(section).joined(separator: "\n")
    }

    private static var fileForm: String {
        let all = Definitions.all.filter { ofFiles.contains($0.name) }
        return "## Variables and defaults\n\n" + all.map(section).joined(separator: "\n")
    }

    private static func section(_ definition: MappingDefinition) -> String {
        var lines = ["### \(heading(definition))", "", definition.about.sentence, ""]
        lines += ["| key | value | default | meaning | example |", "|---|---|---|---|---|"]
        lines += definition.fields.map { field in
            let cells = [
                "`\(field.key)`\(field.isRequired ? " (required)" : "")", words(field.shape), field.standard ?? "",
                field.about, "`\(field.key): \(field.example)`",
            ]
            return "| \(cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ")) |"
        }
        if let field = definition.fields.first {
            let example = definition.example(of: field).split(separator: "\n").map { "    \($0)" }
            lines += ["", "A whole file:", ""] + example
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func heading(_ definition: MappingDefinition) -> String {
        switch definition.name {
        case "intent": "A document that is an intent"
        case "file": "A document of variables and defaults"
        case "item": "One item of `intent`"
        case "defaultItem": "One item of `defaults: {intent: ...}`"
        case "defaultTag": "`tag` of `defaults`"
        case "offset": "`at`, as a mapping"
        case "levelSet": "A level of `levels`"
        default: "`\(definition.title.filter { $0 != "'" })`"
        }
    }

    private static func words(_ shape: Shape) -> String {
        switch shape {
        case .text(_, let words): words
        case .number(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .span(let range): "a length of time, \(range.lowerBound) to \(range.upperBound)"
        case .flag: "`true` or `false`"
        case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .either(let shapes): shapes.map(words).joined(separator: "; or ")
        case .list(let item, let most): "a list of \(words(item))\(most.map { ", at most \($0)" } ?? "")"
        case .mapping(let definition): "keys, see \(heading(definition))"
        case .named(_, let value, let names): "\(names), each: \(words(value))"
        case .nothing: "nothing"
        case .phrase: "a phrase"
        }
    }
}

extension String {
    /// With a capital letter at its beginning and a full stop at its end.
    fileprivate var sentence: String {
        let isSentence = hasSuffix(".") || hasSuffix("?")
        let first = self.first.map { $0 == "`" ? "`" : $0.uppercased() } ?? ""
        return first + dropFirst() + (isSentence ? "" : ".")
    }
}
