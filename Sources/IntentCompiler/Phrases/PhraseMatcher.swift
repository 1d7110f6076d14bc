/// A phrase that the grammar knows, its slots filled with the author's words.
struct PhraseMatch {
    var kind: PhraseGrammar.Kind
    /// The whole phrase.
    var place: SourcePlace
    fileprivate(set) var slots: [PhraseGrammar.Slot: PhraseToken] = [:]
    /// Words of slots that take several, commas taken off.
    fileprivate(set) var lists: [PhraseGrammar.Slot: [PhraseToken]] = [:]
    /// By name; each with the place of its first word.
    fileprivate(set) var clauses: [String: SourcePlace] = [:]
    fileprivate(set) var wireProtocol: WireProtocol?
}

/// Matches the words of a phrase against the grammar; the first word that does not fit is what is told.
struct PhraseMatcher {
    private var tokens: [PhraseToken]
    private let phrase: YAMLScalar
    private var next = 0

    private init(_ phrase: YAMLScalar, _ tokens: [PhraseToken]) {
        self.phrase = phrase
        self.tokens = tokens
    }

    static func match(_ phrase: YAMLScalar, locator: TextLocator) throws(Diagnostic) -> PhraseMatch {
        let tokens = try PhraseToken.tokens(of: phrase, locator: locator)
        var matcher = PhraseMatcher(phrase, tokens)
        return try matcher.match()
    }

    private mutating func match() throws(Diagnostic) -> PhraseMatch {
        guard let first = tokens.first else {
            throw Diagnostic(at: phrase.place, "this item is empty", hint: "write a phrase, such as 'tag dig DNS'")
        }
        let rules = PhraseGrammar.rules
        let likely = rules.filter { first.isWord($0.firstWord) }
        // Of several the one that agrees the longest; the first of equals.
        guard let rule = likely.max(by: { agreement($0.head) < agreement($1.head) }) else { throw unknown(first) }
        // A semicolon may end a clause, for the reader's sake.
        if rule.clauses.contains(where: { $0.name == "in waves" }) {
            for at in tokens.indices where !tokens[at].isQuoted { tokens[at].dropLast(";") }
            tokens.removeAll { !$0.isQuoted && $0.text.isEmpty }
        }
        // A phrase of many parts reads better with commas between them.
        if rule.kind == .guardPaths { tokens = tokens.map(\.withoutComma) }
        var match = PhraseMatch(kind: rule.kind, place: phrase.place)
        for element in rule.head { try take(element, of: rule, into: &match) }
        var groups: [String: String] = [:]
        while next < tokens.count {
            let start = tokens[next]
            let clause = try nextClause(of: rule)
            if let other = groups[clause.group] {
                let message =
                    other == clause.name
                    ? "'\(clause.usage)' stands here twice" : "'\(clause.usage)' contradicts '\(other)'"
                throw Diagnostic(at: start.place, message, hint: "keep one of them")
            }
            groups[clause.group] = clause.name
            match.clauses[clause.name] = start.place
            for element in clause.elements { try take(element, of: rule, into: &match) }
        }
        return match
    }

    /// How many words of this head stand where they should, from its beginning.
    private func agreement(_ head: [PhraseGrammar.Element]) -> Int {
        zip(head, tokens).prefix { element, token in
            if case .word(let word) = element { token.isWord(word) } else { true }
        }.count
    }

    private func unknown(_ first: PhraseToken) -> Diagnostic {
        let words = PhraseGrammar.rules.map(\.firstWord)
        let phrases = "the phrases are: " + PhraseGrammar.usages.joined(separator: "; ")
        // `dig DNS` or `please tag dig DNS`: the right word is there, in the wrong place.
        if Suggestion.nearest(to: first.text, among: words) == nil,
            let rule = PhraseGrammar.rules.first(where: { rule in tokens.contains { $0.isWord(rule.firstWord) } })
        {
            return Diagnostic(
                at: first.place, "unknown phrase '\(phrase.text.shortened)'",
                hint: "did you mean '\(rule.shortUsage)'? the phrase begins with '\(rule.firstWord)'")
        }
        return Diagnostic(
            at: first.place, "unknown phrase '\(phrase.text.shortened)'",
            hint: Suggestion.hint(for: first.text, among: words, otherwise: phrases))
    }

    private mutating func take(
        _ element: PhraseGrammar.Element, of rule: PhraseGrammar.Rule, into match: inout PhraseMatch
    ) throws(Diagnostic) {
        guard next < tokens.count else {
            throw Diagnostic(
                at: tokens.last?.place ?? phrase.place,
                "'\(phrase.text.shortened)' ends before its \(Self.describe(element))",
                hint: "the phrase is: \(rule.usage)")
        }
        let token = tokens[next]
        switch element {
        case .word(let word):
            guard token.isWord(word) else {
                throw Diagnostic(
                    at: token.place, "expected '\(word)', found '\(token.text.shortened)'",
                    hint: Suggestion.hint(for: token.text, among: [word], otherwise: "the phrase is: \(rule.usage)"))
            }
            next += 1
        case .slot(.wireProtocol):
            match.slots[.wireProtocol] = token
            match.wireProtocol = try takeProtocol(token, rule)
        case .slot(let slot) where slot.isList:
            let ends = Set(rule.clauses.map(\.firstWord))
            var words: [PhraseToken] = []
            while next < tokens.count, words.isEmpty || !ends.contains(tokens[next].text.lowercased()) {
                words += tokens[next].split(at: ",")
                next += 1
            }
            match.lists[slot] = words
        case .slot(let slot):
            match.slots[slot] = token
            next += 1
        }
    }

    private mutating func takeProtocol(_ token: PhraseToken, _ rule: PhraseGrammar.Rule) throws(Diagnostic)
        -> WireProtocol
    {
        // The longest name first: `DNS over TCP` is not `DNS`.
        for candidate in WireProtocol.all.sorted(by: { $0.name.utf8.count > $1.name.utf8.count }) {
            let words = candidate.name.lowercased().split(separator: " ").map(String.init)
            let found = tokens[next...].prefix(words.count)
            guard found.count == words.count, zip(found, words).allSatisfy({ $0.isWord($1) }) else { continue }
            next += words.count
            if next < tokens.count, tokens[next].isWord("over") {
                throw Diagnostic(
                    at: tokens[next].place, "\(candidate.name) has no variant over another transport here",
                    hint: "DNS has 'DNS over TCP' and 'DNS over TLS'; else write 'TCP on port N' or 'UDP on port N'")
            }
            return candidate
        }
        let known =
            "known are DNS, DNS over TCP, DNS over TLS, HTTP, HTTPS, TLS, NTP; else 'UDP on port N' or 'TCP on port N'"
        throw Diagnostic(
            at: token.place, "unknown protocol '\(token.text.shortened)'",
            hint: Suggestion.hint(for: token.text, among: WireProtocol.words, otherwise: known))
    }

    private func nextClause(of rule: PhraseGrammar.Rule) throws(Diagnostic) -> PhraseGrammar.Clause {
        let token = tokens[next]
        let candidates = rule.clauses.filter { token.isWord($0.firstWord) }
        if candidates.count == 1, let only = candidates.first { return only }
        if candidates.isEmpty {
            let words = rule.clauses.map(\.firstWord)
            let usages = rule.clauses.map { "'\($0.usage)'" }
            let otherwise =
                usages.isEmpty
                ? "'\(rule.shortUsage)' is the whole phrase"
                : "what may follow: \(enumeration(usages, max: 12, conjunction: "or"))"
            throw Diagnostic(
                at: token.place, "'\(token.text.shortened)' does not belong in this phrase",
                hint: Suggestion.hint(for: token.text, among: words, otherwise: otherwise))
        }
        // Several begin alike, `at front`, `at end`, `at offset`: the second word tells them apart.
        let seconds = candidates.compactMap { clause -> (String, PhraseGrammar.Clause)? in
            guard clause.elements.count > 1, case .word(let word) = clause.elements[1] else { return nil }
            return (word, clause)
        }
        let words = seconds.map(\.0)
        let list = enumeration(words.map { "'\($0)'" }, conjunction: "or")
        guard next + 1 < tokens.count else {
            throw Diagnostic(
                at: token.place, "'\(token.text)' needs \(list) after it", hint: "the phrase is: \(rule.usage)")
        }
        let second = tokens[next + 1]
        if let found = seconds.first(where: { second.isWord($0.0) }) { return found.1 }
        throw Diagnostic(
            at: second.place, "expected \(list), found '\(second.text.shortened)'",
            hint: Suggestion.hint(for: second.text, among: words))
    }

    private static func describe(_ element: PhraseGrammar.Element) -> String {
        switch element {
        case .word(let word): "'\(word)'"
        case .slot(.program): "program"
        case .slot(.wireProtocol): "protocol"
        case .slot(.port): "port"
        case .slot(.offset), .slot(.tagBytes), .slot(.frameBytes): "number of bytes"
        case .slot(.label): "text"
        case .slot(.duration), .slot(.jitter): "length of time"
        case .slot(.level), .slot(.from), .slot(.to), .slot(.only): "level"
        case .slot(.intents): "intents"
        case .slot(.levelNames): "levels"
        case .slot(.destination): "destination"
        case .slot(.source): "selector of devices"
        case .slot(.probe): "address"
        case .slot(.ecn), .slot(.windowScaling), .slot(.timestamps), .slot(.sack), .slot(.mss), .slot(.mptcp),
            .slot(.tfo):
            "policy"
        case .slot(.calendar): "times"
        case .slot(.waves): "waves"
        case .slot(.soak), .slot(.deadline): "length of time"
        case .slot(.budget): "number of messages"
        case .slot(.unavailable): "number of devices"
        }
    }
}
