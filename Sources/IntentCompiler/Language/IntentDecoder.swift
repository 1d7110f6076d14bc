import L45Model

/// Makes an intent of one document.
struct IntentDecoder {
    private let locator: TextLocator
    private(set) var diagnostics: [Diagnostic] = []
    private let preamble: FilePreamble
    /// Something that the document does not say itself came from the defaults of its file.
    private(set) var tookDefaults = false

    /// - Parameter preamble: variables are filled in already; its defaults count.
    init(_ source: SourceText, _ preamble: FilePreamble = .none) {
        locator = TextLocator(source)
        self.preamble = preamble
    }

    /// `apiVersion:`, which may be left out.
    static func readVersion(_ reader: inout ValueReader) {
        _ = reader.text("apiVersion") { text throws(Complaint) in
            guard text == Definitions.apiVersion else {
                throw Complaint(
                    "this l45 reads apiVersion \(Definitions.apiVersion), not '\(text.shortened)'",
                    Suggestion.hint(
                        for: text, among: [Definitions.apiVersion],
                        otherwise: "write 'apiVersion: \(Definitions.apiVersion)', or leave the line out"))
            }
            return text
        }
    }

    /// - Returns: nil when anything in it is an error; diagnostics tell of every one.
    mutating func decode(_ value: YAMLValue, document: String) -> Intent? {
        let value = withoutFileKeys(value)
        guard let fields = Fields(value, Definitions.intent, &diagnostics) else { return nil }
        var reader = ValueReader(fields)
        Self.readVersion(&reader)
        let name = reader.text("name") { text throws(Complaint) in try Check.intentName(text) }
        if fields["name"] == nil {
            reader.tell(
                firstKey(fields, value), "this intent has no name", "add 'name: ' and 1 to 63 of a-z, 0-9 and '-'")
        }
        let after = reader.text("after") { text throws(Complaint) in try Check.intentName(text) }
        if let after, after.value == name?.value {
            reader.tell(after.place, "an intent can not come after itself", "name the intent whose flows it adds to")
        }
        let clients = SelectorDecoder.decode("clients", &reader)
        let servers = SelectorDecoder.decode("servers", &reader)
        diagnostics += reader.diagnostics
        let items = items(fields, value)
        let isPosture = items.contains { if case .posture = $0 { true } else { false } }
        let given = isPosture ? [] : preamble.items
        let (tags, rotation, draft) = assemble(items, defaults: given, addsToOthers: after != nil)
        let rollout = draft.flatMap { draft in finished(draft) }
        let guards = items.compactMap { if case .guardPaths(let draft) = $0 { draft } else { nil } }
        let from = one(guards.compactMap(\.clients), "clients", "from", fields)
        let to = one(guards.compactMap(\.servers), "servers", "to", fields)
        let posture = PostureAssembly.assemble(items, fields, &diagnostics)
        guard !diagnostics.hasErrors, let name else { return nil }
        let clientsByDefault = fields["clients"] == nil && from == nil && !isPosture ? preamble.clients : nil
        let serversByDefault = fields["servers"] == nil && to == nil && !isPosture ? preamble.servers : nil
        if clientsByDefault != nil || serversByDefault != nil { tookDefaults = true }
        return Intent(
            name: name.value, clients: clients ?? from?.value ?? clientsByDefault?.value ?? .everyDevice,
            servers: servers ?? to?.value ?? serversByDefault?.value ?? .everyDevice, tags: tags,
            guards: guards.map(\.intent),
            rotation: rotation?.value, rollout: rollout, after: after?.value, posture: posture,
            document: document,
            places: Intent.Places(
                name: name.place, clients: fields["clients"]?.value.place ?? from?.place ?? clientsByDefault?.place,
                servers: fields["servers"]?.value.place ?? to?.place ?? serversByDefault?.place,
                rotate: rotation?.place,
                waves: draft?.waves.map(\.place) ?? [], deadline: draft?.deadline?.place, after: after?.place))
    }

    /// Variables and defaults are not an intent's own.
    private mutating func withoutFileKeys(_ value: YAMLValue) -> YAMLValue {
        guard case .mapping(let pairs, let place) = value else { return value }
        let own = pairs.filter { !FilePreamble.keys.contains($0.key.text) }
        for pair in pairs where FilePreamble.keys.contains(pair.key.text) {
            diagnostics.append(
                Diagnostic(
                    at: pair.key.place, "'\(pair.key.text)' is not a key of an intent",
                    hint: "put it into a document of its own, the first of the file, and '---' below it", rule: .field))
        }
        return own.count == pairs.count ? value : .mapping(own, place)
    }

    /// The items of `defaults:`, which say how and never what.
    mutating func modifiers(_ fields: Fields) -> [IntentItem] {
        let all = items(fields, .mapping([], fields.place))
        for item in all where !item.isModifier {
            report(
                item.place, "a default says how something is done, and this says what",
                "defaults are \(enumeration(Definitions.defaultItem.keys, conjunction: "or")); put this into an intent")
        }
        let kept = all.filter(\.isModifier)
        for (at, item) in kept.enumerated() {
            let twins = kept[..<at].filter { !$0.subjects.isDisjoint(with: item.subjects) }
            guard let twin = twins.first else { continue }
            diagnostics.append(
                Diagnostic(
                    at: item.place, "these defaults say this twice", hint: "keep one of them",
                    notes: [Diagnostic.Note(place: twin.place, message: "the first one is here")]))
        }
        return kept
    }

    /// What an intent takes of its file's defaults: what it does not say itself, where it tags.
    private mutating func applied(_ defaults: [IntentItem], to items: [IntentItem]) -> [IntentItem] {
        let tags = items.contains { if case .tag(let draft) = $0 { !draft.isMonitor } else { false } }
        guard tags else { return [] }
        let said = items.reduce(into: Set<IntentItem.Subject>()) { $0.formUnion($1.subjects) }
        let taken = defaults.compactMap { $0.without(said) }
        if !taken.isEmpty { tookDefaults = true }
        return taken
    }

    /// A selector within a phrase stands for the key of the whole intent: there can be only one of them.
    private mutating func one(
        _ found: [Placed<LabelSelector>], _ key: String, _ word: String, _ fields: Fields
    ) -> Placed<LabelSelector>? {
        guard let first = found.first else { return nil }
        let other = fields[key]?.value.place
        guard let twice = other == nil ? found.dropFirst().first : first else { return first }
        let notes = [Diagnostic.Note(place: other ?? first.place, message: "the first one is here")]
        diagnostics.append(
            Diagnostic(
                at: twice.place, "'\(word)' selects the \(key) of the whole intent, and they are selected already",
                hint: "keep one of them", notes: notes))
        return first
    }

    private mutating func finished(_ draft: RolloutDraft) -> RolloutStrategy? {
        do throws(Diagnostic) {
            return try draft.checked()
        } catch {
            diagnostics.append(error)
            return nil
        }
    }

    private func firstKey(_ fields: Fields, _ value: YAMLValue) -> SourcePlace {
        fields.keys.first.flatMap { fields[$0]?.key.place } ?? value.place
    }

    // MARK: items

    private mutating func items(_ fields: Fields, _ root: YAMLValue) -> [IntentItem] {
        guard let pair = fields["intent"] else {
            report(
                firstKey(fields, root), "this intent does not say what to do",
                "add 'intent:' and a phrase, such as 'tag dig DNS'")
            return []
        }
        switch pair.value {
        case .scalar(let scalar) where scalar.isEmpty:
            report(pair.key.place, "'intent' has no value", "add a phrase below it, such as '- tag dig DNS'")
            return []
        case .sequence(let values, let place):
            if values.isEmpty { report(place, "'intent' is an empty list", "add a phrase, such as '- tag dig DNS'") }
            return values.compactMap { item($0) }
        case .scalar, .mapping:
            return [item(pair.value)].compactMap { $0 }
        }
    }

    private mutating func item(_ value: YAMLValue) -> IntentItem? {
        switch value {
        case .scalar(let scalar):
            do throws(Diagnostic) {
                return try PhraseReader.read(scalar, locator: locator)
            } catch {
                diagnostics += [error].ruled(.phrase)
                return nil
            }
        case .mapping(let pairs, let place):
            if pairs.count > 1 {
                let names = enumeration(pairs.map { "'\($0.key.text.shortened)'" })
                report(
                    pairs[1].key.place, "an item of 'intent' has one key, this one has \(names)",
                    "begin each with '- ' on a line of its own, or indent what belongs to '\(pairs[0].key.text.shortened)'"
                )
                return nil
            }
            guard let pair = pairs.first else {
                report(place, "this item is empty", "write a phrase, such as 'tag dig DNS'")
                return nil
            }
            return ItemDecoder.decode(pair, &diagnostics)
        case .sequence(_, let place):
            report(place, "an item of 'intent' is a phrase or a mapping, not a list", "take one '- ' away")
            return nil
        }
    }

    private mutating func assemble(
        _ own: [IntentItem], defaults: [IntentItem], addsToOthers: Bool
    ) -> (tags: [TagIntent], rotation: Placed<Rotation>?, rollout: RolloutDraft?) {
        let items = own + applied(defaults, to: own)
        var rollouts: [Placed<RolloutDraft>] = []
        var drafts: [TagDraft] = []
        var rotations: [Placed<Rotation>] = []
        var drops: [Placed<Bool>] = []
        var delays: [Placed<Span>] = []
        var labels: [Placed<String>] = []
        for item in items {
            switch item {
            case .tag(let draft): drafts.append(draft)
            case .rotate(let rotation, let place): rotations.append(Placed(rotation, place))
            case .rotateByWaves(let rotation, let rollout, let place):
                rotations.append(Placed(rotation, place))
                rollouts.append(Placed(rollout, rollout.place))
            case .rollout(let rollout): rollouts.append(Placed(rollout, rollout.place))
            case .dropUntagged(let drop, let place): drops.append(Placed(drop, place))
            case .delay(let delay, let place): delays.append(Placed(delay, place))
            case .label(let label, let place): labels.append(Placed(label, place))
            case .guardPaths, .posture: continue
            }
        }
        once(rotations, "rotate")
        once(rollouts, "rollout")
        once(drops, "drop untagged")
        once(delays, "delay")
        once(labels, "label")
        let failed = diagnostics.hasErrors
        if drafts.isEmpty, !failed,
            let place =
                (rotations.map(\.place) + rollouts.map(\.place) + drops.map(\.place) + delays.map(\.place)
                + labels.map(\.place)).first
        {
            report(place, "this intent has nothing to do it to", "add a phrase, such as 'tag dig DNS'")
        }
        if !drafts.isEmpty, !failed, drafts.allSatisfy(\.isMonitor) {
            for place in rotations.map(\.place) + rollouts.map(\.place) + drops.filter(\.value).map(\.place) {
                report(
                    place, "this intent only monitors: it has no dialect",
                    "use 'tag' instead of 'monitor', or take this away")
            }
        }
        if addsToOthers, !failed {
            for draft in drafts where !draft.isMonitor {
                report(
                    draft.place, "a message carries one tag, and the intent that this one comes after writes it",
                    "use 'monitor' instead of 'tag', and say what is added: 'delay 100ms', 'label TEXT'")
            }
        }
        var tags: [TagIntent] = []
        for var draft in drafts {
            if draft.dropUntagged == nil, !draft.isMonitor { draft.dropUntagged = drops.first }
            draft.delay = draft.delay ?? delays.first
            draft.commonLabel = labels.first
            draft.addsToOthers = addsToOthers
            if let standard = preamble.tag, draft.fill(from: standard) { tookDefaults = true }
            if let tag = draft.finished(into: &diagnostics) { tags.append(tag) }
        }
        return (tags, rotations.first, rollouts.first?.value)
    }

    private mutating func once<Value>(_ found: [Placed<Value>], _ what: String) {
        guard let first = found.first else { return }
        for extra in found.dropFirst() {
            let notes = [Diagnostic.Note(place: first.place, message: "the first one is here")]
            diagnostics.append(
                Diagnostic(
                    at: extra.place, "'\(what)' stands in this intent twice", hint: "keep one of them", notes: notes))
        }
    }

    private mutating func report(_ place: SourcePlace, _ message: String, _ hint: String? = nil) {
        diagnostics.append(Diagnostic(at: place, message, hint: hint))
    }
}
