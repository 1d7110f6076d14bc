import L45Model

/// The first document of a file when it has no name: variables and defaults for the intents below it.
struct FilePreamble {
    var variables = Variables()
    var clients: Placed<LabelSelector>?
    var servers: Placed<LabelSelector>?
    /// What tags have that they do not say themselves; nil: nothing.
    var tag: TagDraft?
    /// Rotations, rollouts, drops, delays and labels, each at most once.
    var items: [IntentItem] = []
    var place: SourcePlace?
    private(set) var diagnostics: [Diagnostic] = []
    /// Names of variables that documents of the file used.
    var used: Set<String> = []

    /// Of a file that begins with an intent.
    static let none = FilePreamble()

    private init() {}

    static let keys = ["variables", "defaults"]

    /// Whether a document is meant to be one.
    static func isMeant(_ value: YAMLValue) -> Bool {
        guard case .mapping(let pairs, _) = value else { return false }
        let found = Set(pairs.map(\.key.text))
        return !found.isDisjoint(with: keys) && !found.contains("intent") && !found.contains("name")
    }

    init(_ value: YAMLValue, in source: SourceText) {
        place = value.place
        guard let fields = Fields(value, Definitions.file, &diagnostics) else { return }
        var reader = ValueReader(fields)
        IntentDecoder.readVersion(&reader)
        variables = Self.variables(&reader)
        diagnostics += reader.diagnostics
        guard let pair = fields["defaults"] else { return }
        let told = diagnostics.count
        decodeDefaults(pair, in: source)
        diagnostics = Array(diagnostics[..<told]) + variables.explained(Array(diagnostics[told...]))
        diagnostics += variables.diagnostics
        used = variables.used
    }

    private static func variables(_ reader: inout ValueReader) -> Variables {
        guard let pair = reader.fields["variables"] else { return Variables() }
        guard case .mapping(let pairs, _) = pair.value else {
            reader.tell(
                pair.value.place, "'variables' is a mapping, not \(pair.value.kind)", "write 'variables: {NAME: TEXT}'",
                rule: .value)
            return Variables(isBroken: true)
        }
        let before = reader.diagnostics.count
        var known: [String: Variables.Variable] = [:]
        for each in pairs {
            let name = each.key.text
            guard Variables.isName(name) else {
                reader.tell(
                    each.key.place,
                    "a variable's name is 1 to 63 letters, digits, '-' and '_', not '\(name.shortened)'", nil,
                    rule: .variable)
                continue
            }
            if let first = known[name] {
                reader.diagnostics.append(
                    Diagnostic(
                        at: each.key.place, "variable '\(name)' stands here twice", hint: "keep one of them",
                        notes: [Diagnostic.Note(place: first.place, message: "the first one is here")], rule: .field))
                continue
            }
            guard case .scalar(let scalar) = each.value, !scalar.isEmpty else {
                reader.tell(
                    each.value.place, "a variable is one value, not \(each.value.kind)",
                    "a text in quotes may hold blanks",
                    rule: .variable)
                continue
            }
            guard !scalar.text.contains("$(") else {
                reader.tell(
                    scalar.place, "a variable's value is taken as it stands, and can not hold another variable",
                    "write the value out", rule: .variable)
                continue
            }
            guard scalar.text.utf8.count <= Variables.valueBytesMax else {
                reader.tell(
                    scalar.place,
                    "a variable's value has at most \(Variables.valueBytesMax) bytes, this one \(scalar.text.utf8.count)",
                    nil, rule: .variable)
                continue
            }
            known[name] = Variables.Variable(value: scalar, place: each.key.place)
        }
        if pairs.count > Variables.variablesMax {
            reader.tell(
                pair.key.place, "a file has at most \(Variables.variablesMax) variables, this one \(pairs.count)",
                "split it into several files", rule: .variable)
        }
        return Variables(known, isBroken: reader.diagnostics.count > before)
    }

    private mutating func decodeDefaults(_ pair: YAMLPair, in source: SourceText) {
        let value = variables.fill(pair.value)
        guard let fields = Fields(value, Definitions.defaults, &diagnostics) else { return }
        var reader = ValueReader(fields)
        if let selector = SelectorDecoder.decode("clients", &reader) {
            clients = fields["clients"].map { Placed(selector, $0.value.place) }
        }
        if let selector = SelectorDecoder.decode("servers", &reader) {
            servers = fields["servers"].map { Placed(selector, $0.value.place) }
        }
        if let pair = fields["tag"] { tag = ItemDecoder.defaultTag(pair, &reader.diagnostics) }
        diagnostics += reader.diagnostics
        guard fields["intent"] != nil else { return }
        var decoder = IntentDecoder(source)
        items = decoder.modifiers(fields)
        diagnostics += decoder.diagnostics
    }

    /// Variables that nothing in the file used: likely a name that is misspelt.
    var unused: [Diagnostic] {
        guard !variables.isBroken else { return [] }
        return variables.known.filter { !used.contains($0.key) }.sorted { $0.key < $1.key }.map { name, variable in
            Diagnostic(
                .warning, at: variable.place, "nothing in this file uses the variable '\(name)'",
                hint: "write '$(\(name))' where it is meant, or take it away", rule: .variable)
        }
    }
}
