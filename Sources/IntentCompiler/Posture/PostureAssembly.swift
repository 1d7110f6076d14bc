import L45Model

/// Makes a posture of the items of one document.
enum PostureAssembly {
    /// - Returns: nil when the document has no such item, or anything of it is an error.
    static func assemble(
        _ items: [IntentItem], _ fields: Fields, _ diagnostics: inout [Diagnostic]
    ) -> PostureIntent? {
        let parts = items.compactMap { if case .posture(let part) = $0 { part } else { nil } }
        guard let first = parts.first else { return nil }
        let known = diagnostics.count
        // What is missing may be what could not be read.
        let isWhole = !diagnostics.hasErrors
        func tell(_ place: SourcePlace, _ message: String, _ hint: String?, first: SourcePlace? = nil) {
            let notes = first.map { [Diagnostic.Note(place: $0, message: "the first one is here")] } ?? []
            diagnostics.append(Diagnostic(at: place, message, hint: hint, notes: notes))
        }
        if parts.count < items.count {
            tell(
                first.place, "a posture stands in a document of its own",
                "put what is to be done into intents, and name them here")
        }
        for key in ["clients", "servers"] {
            guard let pair = fields[key] else { continue }
            tell(pair.key.place, "a posture selects intents, and '\(key)' selects devices", "take this line away")
        }
        if parts.count > 1, let whole = parts.first(where: { if case .whole = $0 { true } else { false } }) {
            tell(whole.place, "'posture' says all of a posture by itself", "keep either the long form or the phrases")
        }
        let flat = parts.flatMap { part in if case .whole(let inner, _) = part { inner } else { [part] } }

        let ladders = flat.compactMap { if case .levels(let names, let place) = $0 { (names, place) } else { nil } }
        for extra in ladders.dropFirst() {
            tell(extra.1, "'levels' stands in this posture twice", "keep one of them", first: ladders[0].1)
        }
        let levels = ladders.first.map { ladder in ladder.0.map(\.value) } ?? PostureLevel.cpcon
        if let ladder = ladders.first {
            for (at, name) in ladder.0.enumerated() {
                let twin = ladder.0[..<at].first { $0.value.isSame(as: name.value) }
                if let twin { tell(name.place, "level \(name.value) stands here twice", "keep one", first: twin.place) }
            }
            if !(2...PosturePart.levelsMax).contains(levels.count) {
                tell(
                    ladder.1, "a posture has 2 to \(PosturePart.levelsMax) levels, this one has \(levels.count)", nil)
            }
        }

        func index(of name: Placed<PostureLevel>) -> Int? {
            if let at = levels.firstIndex(where: { $0.isSame(as: name.value) }) { return at }
            let all = levels.map(\.rawValue)
            tell(
                name.place, "there is no level '\(name.value)'",
                Suggestion.hint(
                    for: name.value.rawValue, among: all, otherwise: "the levels are \(enumeration(all, max: 16))"))
            return nil
        }
        let given = flat.compactMap { if case .level(let level) = $0 { level } else { nil } }
        for extra in given.dropFirst() {
            tell(extra.place, "'threat level' stands in this posture twice", "keep one of them", first: given[0].place)
        }
        let at = given.first.flatMap { index(of: $0) }
        if given.isEmpty, isWhole {
            tell(
                first.place, "this posture does not say which level is in force",
                "add 'threat level \(levels[0])', the lowest, or another one")
        }
        var uses: [PostureIntent.Use] = []
        for case .use(let patterns, let from, let to) in flat {
            guard let lowest = index(of: from) else { continue }
            let highest = to.map { index(of: $0) } ?? levels.count - 1
            guard let highest else { continue }
            guard lowest <= highest else {
                tell(
                    to?.place ?? from.place, "\(levels[highest]) is below \(levels[lowest])",
                    "write 'from \(levels[highest]) to \(levels[lowest])'")
                continue
            }
            uses += patterns.map { PostureIntent.Use(pattern: $0.value, span: lowest...highest, place: $0.place) }
        }
        if uses.count > PosturePart.usesMax {
            tell(first.place, "a posture names at most \(PosturePart.usesMax) intents, this one \(uses.count)", nil)
        }
        if uses.isEmpty, isWhole, diagnostics.count == known {
            tell(
                first.place, "this posture names no intent",
                "add a phrase, such as 'use dig-dns from \(levels[levels.count / 2])'")
        }
        guard diagnostics.count == known, let at, let place = given.first?.place else { return nil }
        return PostureIntent(levels: levels, level: levels[at], uses: uses, place: first.place, levelPlace: place)
    }
}
