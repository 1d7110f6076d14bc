import L45Model

/// The long form of one item of `intent:`.
enum ItemDecoder {
    /// - Returns: nil when anything in it is an error, and `diagnostics` tells of every one.
    static func decode(_ pair: YAMLPair, _ diagnostics: inout [Diagnostic]) -> IntentItem? {
        switch pair.key.text {
        case "tag": return tag(pair, isMonitor: false, &diagnostics)
        case "monitor": return tag(pair, isMonitor: true, &diagnostics)
        case "rotate": return rotate(pair, &diagnostics)
        case "rollout": return RolloutDecoder.decode(pair, &diagnostics).map { .rollout($0) }
        case "drop untagged", "delay", "label": return modifier(pair, &diagnostics)
        case "guard": return GuardDecoder.decode(pair, &diagnostics)
        case "posture": return PostureDecoder.decode(pair, &diagnostics)
        default:
            let first = pair.key.text.split(separator: " ").first.map { $0.lowercased() } ?? ""
            let isPhrase = PhraseGrammar.rules.contains { $0.firstWord == first } && pair.key.text.contains(" ")
            let hint =
                isPhrase
                ? "a ': ' cuts this phrase in two: put it in quotes"
                : Suggestion.hint(
                    for: pair.key.text, among: Definitions.item.keys,
                    otherwise: "the items are \(enumeration(Definitions.item.keys, max: 9, conjunction: "or"))")
            diagnostics.append(
                Diagnostic(at: pair.key.place, "'\(pair.key.text.shortened)' is no item of an intent", hint: hint))
            return nil
        }
    }

    private static func modifier(_ pair: YAMLPair, _ diagnostics: inout [Diagnostic]) -> IntentItem? {
        let whole = YAMLValue.mapping([pair], pair.key.place)
        guard let fields = Fields(whole, Definitions.item, &diagnostics) else { return nil }
        var reader = ValueReader(fields)
        defer { diagnostics += reader.diagnostics }
        if pair.key.text == "delay" {
            return delay(&reader).map { .delay($0.value, $0.place) }
        }
        if pair.key.text == "label" {
            let label = reader.text("label") { text throws(Complaint) in try Check.tagLabel(text) }
            return label.map { .label($0.value, $0.place) }
        }
        return reader.flag("drop untagged").map { .dropUntagged($0.value, $0.place) }
    }

    private static func delay(_ reader: inout ValueReader) -> Placed<Span>? {
        reader.bare("delay") { text throws(Complaint) in try Check.span(text, "a delay", TagDraft.delayRange) }
    }

    private static func rotate(_ pair: YAMLPair, _ diagnostics: inout [Diagnostic]) -> IntentItem? {
        guard let fields = Fields(pair.value, Definitions.rotate, &diagnostics) else {
            return nil
        }
        var reader = ValueReader(fields)
        defer { diagnostics += reader.diagnostics }
        let every = reader.bare("every") { text throws(Complaint) in try Rotation.period(text) }
        let at = reader.text("at") { text throws(Complaint) in try Rotation.calendar(text) }
        if fields["every"] != nil, let both = fields["at"] {
            reader.tell(both.key.place, "'every' and 'at' both say when", "keep one of them")
            return nil
        }
        let jitter = reader.bare("jitter") { text throws(Complaint) in
            try Check.span(text, "a rotation's jitter", Rotation.jitterRange)
        }
        guard let timing = every ?? at else {
            if fields["every"] == nil, fields["at"] == nil {
                reader.tell(pair.key.place, "a rotation needs a period", "add 'every: 6h'")
            }
            return nil
        }
        do throws(Diagnostic) {
            return .rotate(try Rotation.checked(timing.value, jitter: jitter), pair.key.place)
        } catch {
            reader.diagnostics.append(error)
            return nil
        }
    }

    private static func tag(_ pair: YAMLPair, isMonitor: Bool, _ diagnostics: inout [Diagnostic]) -> IntentItem? {
        let definition = isMonitor ? Definitions.monitor : Definitions.tag
        guard let fields = Fields(pair.value, definition, &diagnostics) else { return nil }
        var reader = ValueReader(fields)
        defer { diagnostics += reader.diagnostics }
        var draft = TagDraft(isMonitor: isMonitor, place: pair.key.place)
        if let (process, thread) = application(&reader) {
            draft.process = process
            draft.thread = thread
        }
        draft.transport = reader.text("transport") { text throws(Complaint) in
            try Check.choice(text, "'transport'", Transport.allCases.map { ($0.rawValue, $0) })
        }
        draft.port = reader.bare("port") { text throws(Complaint) in
            text == "any" ? TagDraft.PortChoice.any : .number(try Check.port(text))
        }
        server(&reader, &draft)
        manner(&reader, &draft)
        if let client = reader.inner("client", Definitions.client) {
            var inner = ValueReader(client)
            draft.clientAddresses = inner.list("addresses") { text throws(Complaint) in try Check.address(text) }
            reader.diagnostics += inner.diagnostics
        }
        draft.dropUntagged = reader.flag("drop untagged")
        draft.delay = delay(&reader)
        artifact(&reader, &draft)
        // A wrong value is told already; telling that it is missing too would only confuse.
        for key in ["transport", "port"] where fields[key] != nil && reader.diagnostics.hasErrors { return nil }
        return .tag(draft)
    }

    /// `defaults: {tag: ...}`: how each tag of the file is, where it does not say so itself.
    static func defaultTag(_ pair: YAMLPair, _ diagnostics: inout [Diagnostic]) -> TagDraft? {
        guard let fields = Fields(pair.value, Definitions.defaultTag, &diagnostics) else { return nil }
        var reader = ValueReader(fields)
        var draft = TagDraft(isMonitor: false, place: pair.key.place)
        manner(&reader, &draft)
        diagnostics += reader.diagnostics
        return draft
    }

    /// How a flow is tagged, and not which.
    private static func manner(_ reader: inout ValueReader, _ draft: inout TagDraft) {
        draft.direction = reader.text("direction") { text throws(Complaint) in
            try Check.choice(text, "'direction'", TagDraft.Direction.allCases.map { ($0.rawValue, $0) })
        }
        dialect(&reader, &draft)
        draft.attach =
            reader.text("attach") { text throws(Complaint) in
                try Check.choice(text, "'attach'", [("all", ModulePlan.AttachMode.all), ("new", .new)])
            }?.value
        draft.priority =
            reader.bare("priority") { text throws(Complaint) in
                try Check.integer(text, "a priority", TagDraft.priorityRange)
            }?.value
        windows(&reader, &draft)
        draft.test = reader.flag("test")?.value
    }

    private static func application(_ reader: inout ValueReader) -> (Placed<String>?, Placed<String>?)? {
        guard let pair = reader.fields["application"] else { return nil }
        let program: (String) throws(Complaint) -> String? = { text throws(Complaint) in try Check.program(text) }
        if case .scalar = pair.value {
            return (present(reader.text("application", program)), nil)
        }
        guard let fields = reader.inner("application", Definitions.application) else {
            return nil
        }
        var inner = ValueReader(fields)
        defer { reader.diagnostics += inner.diagnostics }
        let process = inner.text("process", program)
        let thread = inner.text("thread") { text throws(Complaint) in try Check.program(text, "a thread") }
        return (present(process), present(thread))
    }

    private static func present(_ placed: Placed<String?>?) -> Placed<String>? {
        guard let placed, let value = placed.value else { return nil }
        return Placed(value, placed.place)
    }

    private static func server(_ reader: inout ValueReader, _ draft: inout TagDraft) {
        guard let fields = reader.inner("server", Definitions.server) else { return }
        var inner = ValueReader(fields)
        defer { reader.diagnostics += inner.diagnostics }
        draft.serverAddresses = inner.list("addresses") { text throws(Complaint) in try Check.address(text) }
        if let (process, thread) = application(&inner) {
            draft.serverProcess = process?.value
            draft.serverThread = thread?.value
        }
    }

    private static func dialect(_ reader: inout ValueReader, _ draft: inout TagDraft) {
        guard let fields = reader.inner("dialect", Definitions.dialect) else {
            return
        }
        var inner = ValueReader(fields)
        defer { reader.diagnostics += inner.diagnostics }
        if case .mapping? = fields["at"]?.value {
            if let at = inner.inner("at", Definitions.offset) {
                var offset = ValueReader(at)
                draft.at = offset.bare("offset") { text throws(Complaint) in .offset(try TagDraft.offset(text)) }
                if at["offset"] == nil { offset.tell(at.place, "'at' needs its offset", "write 'at: {offset: 12}'") }
                inner.diagnostics += offset.diagnostics
            }
        } else {
            draft.at = inner.text("at") { text throws(Complaint) in
                if text.hasPrefix("offset") {
                    throw Complaint("an offset is written as a mapping", "write 'at: {offset: 12}'")
                }
                return try Check.choice(text, "'at'", [("front", DatagramTag.Place.front), ("end", .end)])
            }
        }
        draft.frameBytes = inner.bare("every") { text throws(Complaint) in try TagDraft.frameBytes(text) }
        draft.coding = inner.text("coding") { text throws(Complaint) in
            try Check.choice(text, "'coding'", DatagramTag.Coding.words)
        }
        draft.start = inner.text("after") { text throws(Complaint) in
            try Check.choice(text, "'after'", [("handshake", StreamTag.Start.afterTLSHandshake)])
        }
        draft.tagBytes = inner.bare("bytes") { text throws(Complaint) in try TagDraft.tagBytes(text) }
        draft.label = inner.text("label") { text throws(Complaint) in try Check.tagLabel(text) }
    }

    private static func windows(_ reader: inout ValueReader, _ draft: inout TagDraft) {
        guard let fields = reader.inner("windows", Definitions.windows) else { return }
        var inner = ValueReader(fields)
        defer { reader.diagnostics += inner.diagnostics }
        draft.stateWindow =
            inner.bare("state") { text throws(Complaint) in
                try Check.span(text, "a state request window", TagDraft.windowRange)
            }?.value
        draft.securityWindow =
            inner.bare("security") { text throws(Complaint) in
                try Check.span(text, "a security check window", TagDraft.windowRange)
            }?.value
    }

    /// The largest artifact: the agent holds it in memory while it verifies it.
    static let artifactBytesMax = 64 << 20

    private static func artifact(_ reader: inout ValueReader, _ draft: inout TagDraft) {
        guard let fields = reader.inner("artifact", Definitions.artifact) else { return }
        var inner = ValueReader(fields)
        defer { reader.diagnostics += inner.diagnostics }
        let digest = inner.text("sha256") { text throws(Complaint) in
            guard text.utf8.count == 64, Hex.bytes(text) != nil else {
                throw Complaint("a sha256 is 64 hex digits; '\(text.shortened)' has \(text.utf8.count) characters")
            }
            return Digest(hex: text.lowercased())
        }
        let bytes = inner.bare("bytes") { text throws(Complaint) in
            try Check.integer(text, "the bytes of an artifact", 1...artifactBytesMax)
        }
        for key in ["sha256", "bytes"] where fields[key] == nil {
            inner.tell(fields.place, "'artifact' needs its \(key)", "both are printed when the file is added")
        }
        if let digest, let bytes { draft.artifact = ArtifactReference(digest: digest.value, bytes: bytes.value) }
    }
}
