/// What `$(NAME)` stands for in the values of one document, and where it was filled in.
///
/// The form is one that YAML takes as plain text everywhere, also in `{...}` and `[...]`.
struct Variables {
    struct Variable {
        var value: YAMLScalar
        /// Of its name, where it is defined.
        var place: SourcePlace
    }

    static let namePattern = "[A-Za-z0-9_-]{1,63}"
    static let variablesMax = 100
    static let valueBytesMax = 1024

    /// Of the file's first document.
    let known: [String: Variable]
    /// Definitions that have a mistake: what is not known may be one of them.
    let isBroken: Bool
    private(set) var used: Set<String> = []
    private(set) var diagnostics: [Diagnostic] = []
    /// Scalars that hold variables, as they were written.
    private var filled: [(scalar: SourcePlace, names: [String])] = []
    /// Scalars that hold something that could not be filled in.
    private(set) var unresolved: [SourcePlace] = []
    private var bytes = 0

    init(_ known: [String: Variable] = [:], isBroken: Bool = false) {
        self.known = known
        self.isBroken = isBroken
    }

    static func isName(_ text: some StringProtocol) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII
                    && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "-"
                        || scalar == "_")
            }
    }

    /// `text` written so that it stands for itself.
    static func escaped(_ text: String) -> String { text.replacing("$(", with: "$$(") }

    // MARK: filling in

    /// The value with every variable in it replaced; keys stay as they are.
    mutating func fill(_ value: YAMLValue) -> YAMLValue {
        switch value {
        case .scalar(let scalar): .scalar(fill(scalar))
        case .sequence(let items, let place): .sequence(items.map { fill($0) }, place)
        case .mapping(let pairs, let place):
            .mapping(pairs.map { YAMLPair(key: $0.key, value: fill($0.value)) }, place)
        }
    }

    private mutating func fill(_ scalar: YAMLScalar) -> YAMLScalar {
        guard scalar.text.contains("$(") else { return scalar }
        var out = ""
        var names: [String] = []
        var rest = scalar.text[...]
        while let at = rest.firstRange(of: "$(") {
            let isEscaped = rest[..<at.lowerBound].hasSuffix("$")
            out += rest[..<at.lowerBound]
            rest = rest[at.upperBound...]
            if isEscaped {
                // The sign before it has been taken already.
                out += "("
                continue
            }
            guard let end = rest.firstIndex(of: ")") else {
                tell(
                    scalar, "'$(' begins a variable here that no ')' ends",
                    "write '$(NAME)', or '$$(' for the text itself")
                return scalar
            }
            let name = String(rest[..<end])
            rest = rest[rest.index(after: end)...]
            guard let variable = known[name] else {
                tellUnknown(name, scalar)
                return scalar
            }
            used.insert(name)
            names.append(name)
            out += variable.value.text
            bytes += variable.value.text.utf8.count
            guard bytes <= SourceBounds.documentBytesMax else {
                tell(
                    scalar, "the variables of this document come to more than \(SourceBounds.documentBytesMax) bytes",
                    "use shorter ones, or split it into several files")
                return scalar
            }
        }
        out += rest
        var result = scalar
        result.text = out
        if !names.isEmpty { filled.append((scalar.place, names)) }
        return result
    }

    private mutating func tellUnknown(_ name: String, _ scalar: YAMLScalar) {
        // What is wrong is told where it is defined.
        guard !isBroken else {
            unresolved.append(scalar.place)
            return
        }
        guard Self.isName(name) else {
            tell(
                scalar, "'\(name.shortened)' is no name of a variable: 1 to 63 letters, digits, '-' and '_'",
                "write '$(NAME)', or '$$(' for the text itself")
            return
        }
        let names = known.keys.sorted()
        let otherwise =
            names.isEmpty
            ? "define it in the first document of the file: 'variables: {\(name): ...}'"
            : "the variables are \(enumeration(names))"
        tell(
            scalar, "there is no variable '\(name)'",
            Suggestion.hint(for: name, among: names, otherwise: otherwise))
    }

    private mutating func tell(_ scalar: YAMLScalar, _ message: String, _ hint: String?) {
        unresolved.append(scalar.place)
        guard diagnostics.count < SourceBounds.diagnosticsMax else { return }
        diagnostics.append(Diagnostic(at: scalar.place, message, hint: hint, rule: .variable))
    }

    // MARK: telling

    /// Those that are not about a value that could not be filled in, each that is about a value with variables with what they stand for.
    func explained(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
        let known = self.known
        return diagnostics.filter { one in !unresolved.contains { $0.covers(one.place) } }.map { diagnostic in
            guard diagnostic.rule != .variable, let found = filled.first(where: { $0.scalar.covers(diagnostic.place) })
            else { return diagnostic }
            var explained = diagnostic
            for name in Set(found.names).sorted() {
                guard let variable = known[name] else { continue }
                explained.notes.append(
                    Diagnostic.Note(
                        place: variable.place, message: "$(\(name)) is '\(variable.value.text.shortened)' here"))
            }
            return explained
        }
    }
}

extension SourcePlace {
    fileprivate func covers(_ other: SourcePlace) -> Bool {
        origin == other.origin && line == other.line && (column..<(column + length)).contains(other.column)
    }
}
