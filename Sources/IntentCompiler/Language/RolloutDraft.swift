import L45Model

/// A rollout as it was written, phrase or long form, with the places that later findings point at.
struct RolloutDraft: Sendable {
    var waves: [Placed<RolloutStrategy.Wave>] = []
    var soak: Placed<Span>?
    var budget: RolloutStrategy.Budget = .unlimited
    var deadline: Placed<Span>?
    var maxUnavailable: Placed<RolloutStrategy.Share>?
    /// The whole item.
    var place: SourcePlace

    static let soakRange = Span.zero...Span.seconds(30 * 86_400)
    static let deadlineRange = Span.seconds(1)...Span.seconds(365 * 86_400)
    static let devicesRange = 1...1_000_000
    static let messagesRange = 1...1_000_000_000
    /// More waves than that, each at two ends, are a queue of hours that nobody watches.
    static let wavesMax = 16

    init(place: SourcePlace) { self.place = place }

    /// The strategy, once its parts agree.
    func checked() throws(Diagnostic) -> RolloutStrategy {
        if waves.count > Self.wavesMax {
            throw Diagnostic(
                at: waves[Self.wavesMax].place, "a rollout has at most \(Self.wavesMax) waves, this one \(waves.count)",
                hint: "leave some out")
        }
        var percent: Placed<Int>?
        var count: Placed<Int>?
        for (at, wave) in waves.enumerated() {
            switch wave.value {
            case .rest:
                guard at == waves.count - 1 else {
                    throw Diagnostic(at: wave.place, "'rest' leaves nothing for a wave after it", hint: "put it last")
                }
            case .percent(let given):
                if let before = percent, given <= before.value { throw Self.shrinks(wave, before.value, "%") }
                percent = Placed(given, wave.place)
            case .count(let given):
                if let before = count, given <= before.value { throw Self.shrinks(wave, before.value, "") }
                count = Placed(given, wave.place)
            case .label: break
            }
        }
        if let soak, waves.isEmpty, soak.value > .zero {
            throw Diagnostic(
                at: soak.place, "a soak lies between waves, and this rollout has one alone",
                hint: "add waves, such as '1, 10%, rest'")
        }
        return RolloutStrategy(
            waves: waves.map(\.value), soak: soak?.value ?? .zero, budget: budget, deadline: deadline?.value,
            maxUnavailable: maxUnavailable?.value)
    }

    private static func shrinks(_ wave: Placed<RolloutStrategy.Wave>, _ before: Int, _ unit: String) -> Diagnostic {
        Diagnostic(
            at: wave.place,
            "a wave says how far the rollout has come: \(wave.value) after \(before)\(unit) adds nobody",
            hint: unit.isEmpty || before < 100 ? "write more than \(before)\(unit), or 'rest'" : "leave it out")
    }

    // MARK: values

    static func wave(_ text: String) throws(Complaint) -> RolloutStrategy.Wave {
        if text.lowercased() == "rest" { return .rest }
        if text.hasSuffix("%") {
            return .percent(try Check.integer(String(text.dropLast()), "a wave's share in %", 1...100))
        }
        if let (key, value) = text.halves(at: "=") {
            return .label(try Check.labelKey(key), try Check.labelValue(value))
        }
        guard text.utf8.first.map({ (48...57).contains($0) }) ?? false else {
            throw Complaint(
                "a wave is a number of devices, a share, a label or 'rest', not '\(text.shortened)'",
                Suggestion.hint(for: text, among: ["rest"], otherwise: "such as 1, 10%, site=lab, rest"))
        }
        return .count(try Check.integer(text, "a wave", devicesRange))
    }

    static func share(_ text: String) throws(Complaint) -> RolloutStrategy.Share {
        if text.hasSuffix("%") {
            return .percent(try Check.integer(String(text.dropLast()), "a share of devices in %", 1...100))
        }
        return .count(try Check.integer(text, "a number of devices", devicesRange))
    }

    static func messages(_ text: String) throws(Complaint) -> UInt64 {
        UInt64(try Check.integer(text, "a number of messages", messagesRange))
    }

    static func soak(_ text: String) throws(Complaint) -> Span { try Check.span(text, "a soak", soakRange) }
    static func deadline(_ text: String) throws(Complaint) -> Span { try Check.span(text, "a deadline", deadlineRange) }
}

/// The long form of a rollout.
enum RolloutDecoder {
    /// - Returns: nil when anything in it is an error, and `diagnostics` tells of every one.
    static func decode(_ pair: YAMLPair, _ diagnostics: inout [Diagnostic]) -> RolloutDraft? {
        guard let fields = Fields(pair.value, Definitions.rollout, &diagnostics) else { return nil }
        var reader = ValueReader(fields)
        var draft = RolloutDraft(place: pair.key.place)
        draft.waves = waves(&reader)
        draft.soak = reader.bare("soak") { text throws(Complaint) in try RolloutDraft.soak(text) }
        draft.deadline = reader.bare("deadline") { text throws(Complaint) in try RolloutDraft.deadline(text) }
        draft.maxUnavailable = reader.bare("max unavailable") { text throws(Complaint) in
            try RolloutDraft.share(text)
        }
        if let halt = reader.inner("halt", Definitions.halt) {
            var inner = ValueReader(halt)
            for kind in RolloutStrategy.Budget.Kind.allCases {
                let count = inner.bare(kind.rawValue) { text throws(Complaint) in try RolloutDraft.messages(text) }
                draft.budget[kind] = count?.value
            }
            reader.diagnostics += inner.diagnostics
        }
        diagnostics += reader.diagnostics
        return reader.diagnostics.hasErrors ? nil : draft
    }

    private static func waves(_ reader: inout ValueReader) -> [Placed<RolloutStrategy.Wave>] {
        guard let pair = reader.fields["waves"] else { return [] }
        guard case .sequence(let items, let place) = pair.value else {
            reader.tell(pair.value.place, "'waves' is a list, not \(pair.value.kind)", "write 'waves: [1, 10%, rest]'")
            return []
        }
        if items.isEmpty { reader.tell(place, "'waves' is an empty list", "leave it out, or write '[1, 10%, rest]'") }
        return items.compactMap { item in
            guard case .scalar(let scalar) = item else {
                reader.tell(item.place, "a wave is one value, not \(item.kind)", "a label is written 'site=lab'")
                return nil
            }
            return reader.value(of: scalar) { text throws(Complaint) in try RolloutDraft.wave(text) }
        }
    }
}
