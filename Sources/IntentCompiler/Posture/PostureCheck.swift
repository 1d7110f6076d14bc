package import L45Model

/// Holds a posture against the intents that there are: every name stands for one, and no level has it twice.
package enum PostureCheck {
    package struct Faults: Sendable {
        package var diagnostics: [Diagnostic] = []
        package var refused: Set<IntentName> = []
    }

    /// - Parameter intents: all of them, sorted by name.
    /// - Returns: nil when there is no posture, or it is refused.
    package static func resolve(_ intents: [Intent]) -> (posture: Posture?, faults: Faults) {
        let postures = intents.filter { $0.posture != nil }
        guard let intent = postures.first, let said = intent.posture else { return (nil, Faults()) }
        var faults = Faults()
        for extra in postures.dropFirst() {
            faults.diagnostics.append(
                Diagnostic(
                    at: extra.places.name,
                    "there are two postures, '\(intent.name)' and '\(extra.name)': a fleet has one level",
                    hint: "keep one of them, under one name",
                    notes: [Diagnostic.Note(place: intent.places.name, message: "the first one is here")]))
            faults.refused.formUnion([intent.name, extra.name])
        }
        let names = intents.filter { $0.posture == nil }.map(\.name)
        let known = Set(names)
        var spans: [IntentName: [(span: ClosedRange<Int>, place: SourcePlace)]] = [:]
        func tell(_ place: SourcePlace, _ message: String, _ hint: String?, notes: [Diagnostic.Note] = []) {
            faults.diagnostics.append(Diagnostic(at: place, message, hint: hint, notes: notes))
            faults.refused.insert(intent.name)
        }
        let inFull = Set(said.uses.filter { $0.prefix == nil }.map(\.pattern))
        for use in said.uses {
            var meant: [IntentName] = []
            if let prefix = use.prefix {
                // A name that is given in full is meant there alone.
                meant = names.filter { $0.rawValue.hasPrefix(prefix) && !inFull.contains($0.rawValue) }
                if !names.contains(where: { $0.rawValue.hasPrefix(prefix) }) {
                    tell(use.place, "no intent's name begins with '\(prefix)'", hint(prefix, names))
                }
            } else if known.contains(IntentName(use.pattern)) {
                meant = [IntentName(use.pattern)]
            } else if postures.contains(where: { $0.name.rawValue == use.pattern }) {
                tell(use.place, "'\(use.pattern)' is a posture, and a level is made of intents", nil)
            } else {
                tell(use.place, "there is no intent '\(use.pattern)'", hint(use.pattern, names))
            }
            for name in meant {
                if let other = spans[name, default: []].first(where: { $0.span.overlaps(use.span) }) {
                    let both = other.span.clamped(to: use.span)
                    tell(
                        use.place,
                        "intent '\(name)' is in force \(words(other.span, said)) already, and again \(words(use.span, said))",
                        "they meet \(words(both, said)); name it once for each level",
                        notes: [Diagnostic.Note(place: other.place, message: "the first one is here")])
                } else {
                    spans[name, default: []].append((use.span, use.place))
                }
            }
        }
        guard faults.refused.isEmpty else { return (nil, faults) }
        let levels = said.levels.enumerated().map { at, name in
            Posture.Level(name, inForce: spans.filter { _, all in all.contains { $0.span.contains(at) } }.map(\.key))
        }
        return (Posture(name: intent.name, levels: levels), faults)
    }

    /// The level that was meant, or all that there are.
    package static func hint(for level: PostureLevel, in posture: Posture) -> String {
        let all = posture.levels.map(\.name.rawValue)
        return Suggestion.hint(for: level.rawValue, among: all) ?? "the levels are \(enumeration(all, max: 16))"
    }

    private static func hint(_ word: String, _ names: [IntentName]) -> String {
        let all = names.map(\.rawValue)
        return Suggestion.hint(for: word, among: all)
            ?? (all.isEmpty ? "apply the intents with it, or first" : "there are \(enumeration(all))")
    }

    private static func words(_ span: ClosedRange<Int>, _ posture: PostureIntent) -> String {
        let first = posture.levels[span.lowerBound]
        if span.count == 1 { return "at \(first)" }
        return "from \(first) to \(posture.levels[span.upperBound])"
    }
}
