import Yams

/// Reads one document through Yams and keeps the exact place of every key and value.
///
/// Where Yams alone falls short:
/// - It reads documents of a file one after another, so one mistake hides all that follow: `SourceText` cuts them first.
/// - It stops at duplicate keys and tells of the first alone: `parse` marks that one in a copy and reads again.
/// - It expands aliases before anyone can refuse them: `aliasBound` bounds what they can expand to.
/// - Its marks have no end: `TextLocator` finds the words of a scalar in the source.
struct YAMLReader {
    private let source: SourceText
    private let document: SourceText.Document
    private let locator: TextLocator
    private var diagnostics: [Diagnostic] = []
    /// Keys that `parse` marked, as they were written, by place.
    private var marked: [Position: String] = [:]

    private struct Position: Hashable {
        var line: Int
        var column: Int
    }

    private init(_ document: SourceText.Document, in source: SourceText) {
        self.document = document
        self.source = source
        locator = TextLocator(source)
    }

    /// - Returns: nil when the text is no YAML, or YAML that is refused as a whole; diagnostics say why.
    static func read(_ document: SourceText.Document, in source: SourceText) -> (value: YAMLValue?, [Diagnostic]) {
        var reader = YAMLReader(document, in: source)
        guard reader.withinBounds(), let root = reader.parse() else { return (nil, reader.diagnostics) }
        let value = reader.convert(root, depth: 0)
        return (reader.diagnostics.hasErrors ? nil : value, reader.diagnostics)
    }

    // MARK: bounds

    private mutating func withinBounds() -> Bool {
        let bytes = document.text.utf8.count
        if bytes > SourceBounds.documentBytesMax {
            let message =
                "this document has \(bytes) bytes, an intent at most \(SourceBounds.documentBytesMax)"
            report(source.place(ofLine: document.firstLine), message, hint: "split it into several intents")
            return false
        }
        for (index, line) in source.lines.dropFirst(document.firstLine - 1).enumerated() {
            let text = line.drop { $0 == " " }
            if text.isEmpty || text.first == "#" || text.first == "\r" { continue }
            if text.first == "%" {
                report(
                    source.place(ofLine: document.firstLine + index), "YAML directives have no use here",
                    hint: "remove this line")
                return false
            }
            break
        }
        return aliasBound("&", "anchors", SourceBounds.anchorsMax)
            && aliasBound("*", "aliases", SourceBounds.aliasesMax)
    }

    /// Counts at least every anchor (`&a`) or alias (`*a`): a few words in quotes may be counted too.
    private mutating func aliasBound(_ sign: Unicode.Scalar, _ what: String, _ most: Int) -> Bool {
        var found = 0
        for (index, line) in documentLines.enumerated() {
            for (column, scalar) in line.enumerated() where scalar == sign && column + 1 < line.count {
                let next = line[column + 1].properties
                guard next.isAlphabetic || next.numericType != nil || "_-".unicodeScalars.contains(line[column + 1])
                else { continue }
                found += 1
                if found > most {
                    report(
                        source.place(line: document.firstLine + index, column: column + 1),
                        "more than \(most) YAML \(what) in one document", hint: "write the values out")
                    return false
                }
            }
        }
        return true
    }

    private var documentLines: [[Unicode.Scalar]] {
        document.text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
    }

    // MARK: parsing

    /// Duplicate keys are told together, with all other mistakes in the mapping, by `Fields`. To get past Yams, which
    /// stops there, the first of each pair is marked with a character from a private use plane, which keeps every column.
    private mutating func parse() -> Node? {
        var lines = documentLines
        for attempt in 0...32 {
            var text = String.UnicodeScalarView()
            for (index, line) in lines.enumerated() {
                if index > 0 { text.append("\n") }
                text.append(contentsOf: line)
            }
            do {
                let parser = try Parser(yaml: String(text), encoding: .utf8)
                let root = try parser.nextRoot()
                if let root { return withoutAnchors(root, parser) }
                report(source.place(ofLine: document.markerLine ?? document.firstLine), "this document is empty")
                return nil
            } catch let error as YamlError {
                if case .duplicatedKeysInMapping(_, let context) = error, attempt < 32,
                    mark(context.mark, in: &lines, with: attempt)
                {
                    continue
                }
                report(error)
            } catch {
                report(source.place(ofLine: document.firstLine), "this document can not be read: \(error)")
            }
            return nil
        }
        return nil
    }

    /// Nodes hold their anchors weakly and the parser keeps them: they are looked at while it lives.
    private mutating func withoutAnchors(_ root: Node, _ parser: Parser) -> Node? {
        withExtendedLifetime(parser) { refuseAnchors(root, depth: 0) }
        return diagnostics.hasErrors ? nil : root
    }

    private mutating func refuseAnchors(_ node: Node, depth: Int) {
        guard depth <= SourceBounds.depthMax, diagnostics.count < SourceBounds.anchorsMax else { return }
        if node.anchor != nil {
            let place = place(node.mark)
            guard !diagnostics.contains(where: { $0.place == place }) else { return }
            report(place, "YAML anchors and aliases are not taken in intents", hint: "write the value out")
            return
        }
        switch node {
        case .scalar, .alias: break
        case .sequence(let sequence): for item in sequence { refuseAnchors(item, depth: depth + 1) }
        case .mapping(let mapping):
            for (key, value) in mapping {
                refuseAnchors(key, depth: depth + 1)
                refuseAnchors(value, depth: depth + 1)
            }
        }
    }

    private mutating func mark(_ mark: Mark, in lines: inout [[Unicode.Scalar]], with attempt: Int) -> Bool {
        guard lines.indices.contains(mark.line - 1) else { return false }
        var line = lines[mark.line - 1]
        var column = mark.column - 1
        guard line.indices.contains(column) else { return false }
        let quote: Unicode.Scalar? = line[column] == "\"" || line[column] == "'" ? line[column] : nil
        if quote != nil { column += 1 }
        // A list or a mapping as a key, or an empty text: nothing to mark, and no key of ours either.
        guard line.indices.contains(column), !"[{?|>".unicodeScalars.contains(line[column]), line[column] != quote,
            let sign = Unicode.Scalar(0xF_0000 + UInt32(attempt))
        else { return false }
        marked[Position(line: mark.line, column: mark.column)] = String(line[column])
        line[column] = sign
        lines[mark.line - 1] = line
        return true
    }

    // MARK: converting

    private mutating func convert(_ node: Node, depth: Int) -> YAMLValue? {
        guard depth <= SourceBounds.depthMax else {
            report(
                place(node.mark), "more than \(SourceBounds.depthMax) lists and mappings inside one another",
                hint: "an intent needs 7 at most")
            return nil
        }
        switch node {
        case .scalar(let scalar): return .scalar(convert(scalar))
        case .sequence(let sequence):
            return .sequence(sequence.compactMap { convert($0, depth: depth + 1) }, place(sequence.mark))
        case .mapping(let mapping):
            var pairs: [YAMLPair] = []
            for (key, value) in mapping {
                guard case .scalar(let scalar) = key else {
                    report(place(key.mark), "a key is a word, not a list or a mapping")
                    continue
                }
                guard let value = convert(value, depth: depth + 1) else { continue }
                pairs.append(YAMLPair(key: convert(scalar), value: value))
            }
            return .mapping(pairs, place(mapping.mark))
        case .alias(let alias):
            report(place(alias.mark), "YAML anchors and aliases are not taken in intents", hint: "write the value out")
            return nil
        }
    }

    private func convert(_ scalar: Node.Scalar) -> YAMLScalar {
        let style: YAMLScalar.Style =
            switch scalar.style {
            case .any, .plain: .plain
            case .singleQuoted, .doubleQuoted: .quoted
            case .literal, .folded: .block
            }
        var text = scalar.string
        if let mark = scalar.mark, let first = marked[Position(line: mark.line, column: mark.column)] {
            text = first + String(text.unicodeScalars.dropFirst())
        }
        var converted = YAMLScalar(text: text, style: style, place: place(scalar.mark))
        converted.place.length = locator.length(of: converted)
        return converted
    }

    private func place(_ mark: Mark?) -> SourcePlace {
        guard let mark else { return source.place(ofLine: document.firstLine) }
        return source.place(line: document.firstLine + mark.line - 1, column: mark.column)
    }

    // MARK: reporting

    private mutating func report(_ place: SourcePlace, _ message: String, hint: String? = nil) {
        diagnostics.append(Diagnostic(at: place, message, hint: hint))
    }

    private mutating func report(_ error: YamlError) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let opened = context.map { place($0.mark) }
            let complaint = YAMLComplaint(problem: problem, context: context?.text ?? "", opened: opened)
            diagnostics.append(
                Diagnostic(
                    at: complaint.showsOpening ? opened ?? place(mark) : place(mark), complaint.message,
                    hint: complaint.hint(at: character(mark))))
        case .duplicatedKeysInMapping(let keys, let context):
            report(place(context.mark), "duplicate key \(enumeration(keys.map { "'\($0.shortened)'" }))")
        default:
            report(source.place(ofLine: document.firstLine), "this document can not be read: \(error)")
        }
    }

    private func character(_ mark: Mark) -> Unicode.Scalar? {
        let line = document.firstLine + mark.line - 2
        guard source.lines.indices.contains(line), source.lines[line].indices.contains(mark.column - 1) else {
            return nil
        }
        return source.lines[line][mark.column - 1]
    }
}
