import L45Model

/// The long form of `guard paths`.
enum GuardDecoder {
    static func decode(_ pair: YAMLPair, _ diagnostics: inout [Diagnostic]) -> IntentItem? {
        guard let fields = Fields(pair.value, Definitions.guarded, &diagnostics) else { return nil }
        var reader = ValueReader(fields)
        defer { diagnostics += reader.diagnostics }
        var draft = GuardDraft(place: pair.key.place)
        draft.intent.destinations = reader.list("to") { text throws(Complaint) in try Check.address(text) }
        var policy = PathPolicy(treatments: treatments(&reader))
        if let bytes = reader.bare(
            "mss bytes", { text throws(Complaint) in try Check.integer(text, "an MSS in bytes", PathPolicy.mssRange) })
        {
            policy.mssBytes = bytes.value
        }
        if let every = reader.bare("every", { text throws(Complaint) in try GuardDraft.every(text) }) {
            policy.retestEvery = every.value
        }
        if let percent = reader.bare(
            "tolerance",
            { text throws(Complaint) in
                try Check.integer(text, "a tolerance in percent of throughput", PathPolicy.toleranceRange)
            })
        {
            policy.tolerancePercent = percent.value
        }
        draft.intent.policy = policy
        probe(&reader, &draft)
        if let objection = draft.objection { reader.tell(pair.key.place, objection.message, objection.hint) }
        return .guardPaths(draft)
    }

    private static func treatments(_ reader: inout ValueReader) -> [PathExtension: PathPolicy.Treatment] {
        guard let fields = reader.inner("extensions", Definitions.extensions) else { return [:] }
        var inner = ValueReader(fields)
        defer { reader.diagnostics += inner.diagnostics }
        var found: [PathExtension: PathPolicy.Treatment] = [:]
        for subject in PathExtension.allCases {
            found[subject] =
                inner.text(subject.words) { text throws(Complaint) in try GuardDraft.treatment(text, subject) }?.value
        }
        return found
    }

    private static func probe(_ reader: inout ValueReader, _ draft: inout GuardDraft) {
        guard let fields = reader.inner("probe", Definitions.probe) else { return }
        var inner = ValueReader(fields)
        defer { reader.diagnostics += inner.diagnostics }
        draft.intent.probe = inner.text("address") { text throws(Complaint) in try GuardDraft.probe(text) }?.value
        if let port = inner.bare("port", { text throws(Complaint) in try Check.port(text) }) {
            draft.intent.port = port.value
            // The next one, unless the author says otherwise.
            draft.intent.ratePort = port.value == .max ? port.value - 1 : port.value + 1
        }
        if let port = inner.bare("rate port", { text throws(Complaint) in try Check.port(text) }) {
            draft.intent.ratePort = port.value
        }
    }
}
