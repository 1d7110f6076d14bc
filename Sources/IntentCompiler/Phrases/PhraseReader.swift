import L45Model

/// Turns a matched phrase into what the long form would say.
enum PhraseReader {
    static func read(_ phrase: YAMLScalar, locator: TextLocator) throws(Diagnostic) -> IntentItem {
        let match = try PhraseMatcher.match(phrase, locator: locator)
        switch match.kind {
        case .tag, .monitor:
            return .tag(try tag(match))
        case .rollout:
            guard let draft = try rollout(match) else {
                throw Diagnostic(
                    at: match.place, "this phrase does not say how to roll out",
                    hint: "such as 'roll out in waves 1, 10%, rest; soak 5m; halt at 3 undecoded'")
            }
            return .rollout(draft)
        case .rotate, .rotateAt:
            let period = try slot(.duration, match) { text throws(Complaint) in try Rotation.period(text) }
            let calendar = try slot(.calendar, match) { text throws(Complaint) in try Rotation.calendar(text) }
            let jitter = try slot(.jitter, match) { text throws(Complaint) in
                try Check.span(text, "a rotation's jitter", Rotation.jitterRange)
            }
            guard let timing = period ?? calendar else {
                throw Diagnostic(at: match.place, "a rotation needs a period")
            }
            let rotation = try Rotation.checked(timing.value, jitter: jitter)
            return try rollout(match).map { .rotateByWaves(rotation, $0, match.place) }
                ?? .rotate(rotation, match.place)
        case .dropUntagged:
            return .dropUntagged(true, match.place)
        case .delay:
            let span = try slot(.duration, match) { text throws(Complaint) in
                try Check.span(text, "a delay", TagDraft.delayRange)
            }
            guard let span else { throw Diagnostic(at: match.place, "a delay needs a length of time") }
            return .delay(span.value, match.place)
        case .label:
            let label = try slot(.label, match) { text throws(Complaint) in try Check.tagLabel(text) }
            guard let label else { throw Diagnostic(at: match.place, "a label needs its text") }
            return .label(label.value, label.place)
        case .guardPaths:
            return .guardPaths(try guardPaths(match))
        case .threatLevel, .use, .levels:
            return .posture(try posture(match))
        }
    }

    /// - Returns: nil when no clause of the phrase is about the rollout.
    private static func rollout(_ match: PhraseMatch) throws(Diagnostic) -> RolloutDraft? {
        var draft = RolloutDraft(place: match.place)
        for token in match.lists[.waves] ?? [] {
            let wave = try value(of: token) { text throws(Complaint) in try RolloutDraft.wave(text) }
            draft.waves.append(wave)
        }
        draft.soak = try slot(.soak, match) { text throws(Complaint) in try RolloutDraft.soak(text) }
        draft.deadline = try slot(.deadline, match) { text throws(Complaint) in try RolloutDraft.deadline(text) }
        draft.maxUnavailable = try slot(.unavailable, match) { text throws(Complaint) in
            try RolloutDraft.share(text)
        }
        try readBudget(match, into: &draft)
        let given = match.clauses.keys.contains { $0 != "with jitter" }
        return given ? draft : nil
    }

    /// `3 undecoded, 5 dropped`.
    private static func readBudget(_ match: PhraseMatch, into draft: inout RolloutDraft) throws(Diagnostic) {
        guard let tokens = match.lists[.budget], !tokens.isEmpty else { return }
        for at in stride(from: 0, to: tokens.count, by: 2) {
            let count = try value(of: tokens[at]) { text throws(Complaint) in try RolloutDraft.messages(text) }
            guard at + 1 < tokens.count else {
                throw Diagnostic(
                    at: tokens[at].place, "\(count.value) of what?",
                    hint: "write '\(count.value) undecoded', '\(count.value) dropped' or '\(count.value) plain'")
            }
            let kind = try value(of: tokens[at + 1]) { text throws(Complaint) in
                let kinds = RolloutStrategy.Budget.Kind.allCases.map { ($0.rawValue, $0) }
                return try Check.choice(text, "what halts a rollout", kinds)
            }
            draft.budget[kind.value] = count.value
        }
    }

    private static func value<Value>(
        of token: PhraseToken, _ read: (String) throws(Complaint) -> Value
    ) throws(Diagnostic) -> Placed<Value> {
        do throws(Complaint) {
            return Placed(try read(token.text), token.place)
        } catch {
            throw Diagnostic(at: token.place, error.message, hint: error.hint)
        }
    }

    /// `threat level LEVEL`, `use INTENT, ... from LEVEL [to LEVEL]`, `levels LOWEST, ..., HIGHEST`.
    private static func posture(_ match: PhraseMatch) throws(Diagnostic) -> PosturePart {
        let read = { (text: String) throws(Complaint) in try PosturePart.level(text) }
        switch match.kind {
        case .threatLevel:
            guard let level = try slot(.level, match, read) else {
                throw Diagnostic(at: match.place, "a threat level has a name")
            }
            return .level(level)
        case .levels:
            var names: [Placed<PostureLevel>] = []
            for token in match.lists[.levelNames] ?? [] { names.append(try value(of: token, read)) }
            return .levels(names, match.place)
        default:
            var patterns: [Placed<String>] = []
            for token in match.lists[.intents] ?? [] {
                patterns.append(try value(of: token) { text throws(Complaint) in try PosturePart.pattern(text) })
            }
            let only = try slot(.only, match, read)
            let from = try slot(.from, match, read)
            let to = try slot(.to, match, read)
            guard let first = only ?? from, !patterns.isEmpty else {
                throw Diagnostic(
                    at: match.place, "this phrase does not say at which levels",
                    hint: "add 'from LEVEL' for it and all above, 'from LEVEL to LEVEL', or 'at LEVEL' for it alone")
            }
            if let only, let to {
                throw Diagnostic(
                    at: to.place, "'at \(only.value)' is one level, and 'to' ends a range",
                    hint: "write 'from' for 'at'")
            }
            return .use(patterns, from: first, to: only ?? to)
        }
    }

    private static func guardPaths(_ match: PhraseMatch) throws(Diagnostic) -> GuardDraft {
        var draft = GuardDraft(place: match.place)
        let goal = try slot(.destination, match) { text throws(Complaint) in try GuardDraft.goal(text) }
        switch goal?.value {
        case .blocks(let blocks)?: draft.intent.destinations = blocks
        case .devices(let selector)?: draft.servers = goal.map { Placed(selector, $0.place) }
        case nil: break
        }
        draft.clients = try slot(.source, match) { text throws(Complaint) in try LabelSelector(parsing: text) }
        var treatments: [PathExtension: PathPolicy.Treatment] = [:]
        for each in PhraseGrammar.Slot.treatments {
            guard let subject = each.subject else { continue }
            treatments[subject] =
                try slot(each, match) { text throws(Complaint) in try GuardDraft.treatment(text, subject) }?.value
        }
        let every = try slot(.duration, match) { text throws(Complaint) in try GuardDraft.every(text) }
        draft.intent.policy = PathPolicy(
            treatments: treatments, retestEvery: every?.value ?? PathPolicy().retestEvery)
        draft.intent.probe = try slot(.probe, match) { text throws(Complaint) in try GuardDraft.probe(text) }?.value
        if let port = try slot(.port, match, { text throws(Complaint) in try Check.port(text) }) {
            draft.intent.port = port.value
            draft.intent.ratePort = port.value == .max ? port.value - 1 : port.value + 1
        }
        return draft
    }

    private static func tag(_ match: PhraseMatch) throws(Diagnostic) -> TagDraft {
        var draft = TagDraft(isMonitor: match.kind == .monitor, place: match.place)
        if let token = match.slots[.program] {
            let name = try slot(.program, match) { text throws(Complaint) in try Check.program(text) }
            draft.process = name.flatMap { name in name.value.map { Placed($0, token.place) } }
        }
        let port = try slot(.port, match) { text throws(Complaint) in try Check.port(text) }
        if let known = match.wireProtocol, let token = match.slots[.wireProtocol] {
            draft.transport = Placed(known.transport, token.place)
            guard let number = port?.value ?? known.port else {
                throw Diagnostic(
                    at: token.place, "\(known.name) alone does not say which port",
                    hint: "add 'on port N', the port that the server listens on")
            }
            draft.port = Placed(.number(number), port?.place ?? token.place)
        }
        if let place = match.clauses["requests"] { draft.direction = Placed(.requests, place) }
        if let place = match.clauses["responses"] { draft.direction = Placed(.responses, place) }
        if let place = match.clauses["at front"] { draft.at = Placed(.front, place) }
        if let place = match.clauses["at end"] { draft.at = Placed(.end, place) }
        draft.at =
            try slot(.offset, match) { text throws(Complaint) in DatagramTag.Place.offset(try TagDraft.offset(text)) }
            ?? draft.at
        for (word, coding) in DatagramTag.Coding.words {
            if let place = match.clauses[word] { draft.coding = Placed(coding, place) }
        }
        if let place = match.clauses["after handshake"] { draft.start = Placed(.afterTLSHandshake, place) }
        draft.tagBytes = try slot(.tagBytes, match) { text throws(Complaint) in try TagDraft.tagBytes(text) }
        draft.frameBytes = try slot(.frameBytes, match) { text throws(Complaint) in try TagDraft.frameBytes(text) }
        draft.label = try slot(.label, match) { text throws(Complaint) in try Check.tagLabel(text) }
        return draft
    }

    /// - Returns: nil when the phrase does not fill the slot.
    private static func slot<Value>(
        _ slot: PhraseGrammar.Slot, _ match: PhraseMatch, _ read: (String) throws(Complaint) -> Value
    ) throws(Diagnostic) -> Placed<Value>? {
        guard let token = match.slots[slot] else { return nil }
        do throws(Complaint) {
            return Placed(try read(token.text), token.place)
        } catch {
            throw Diagnostic(at: token.place, error.message, hint: error.hint)
        }
    }
}
