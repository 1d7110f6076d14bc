/// A level of a posture by its name, `CPCON2`: 1 to 31 of letters, digits, `-` and `_`, told apart without letter case.
package struct PostureLevel: Identifier {
    package let rawValue: String
    package init(_ rawValue: String) { self.rawValue = rawValue }

    /// The cyber protection conditions, from the lowest to the highest: CPCON 1 is the most severe.
    package static let cpcon = (1...5).reversed().map { PostureLevel("CPCON\($0)") }

    package func isSame(as other: PostureLevel) -> Bool { rawValue.lowercased() == other.rawValue.lowercased() }
}

/// Which intents are in force at which level. Intents that no level names are in force at every one.
package struct Posture: Hashable, Codable, Sendable {
    package struct Level: Hashable, Codable, Sendable {
        package var name: PostureLevel
        /// Sorted.
        package var inForce: [IntentName]
        package init(_ name: PostureLevel, inForce: [IntentName]) {
            self.name = name
            self.inForce = inForce.sorted()
        }
    }

    /// The intent whose document it is.
    package var name: IntentName
    /// From the lowest to the highest; 2 to 16.
    package var levels: [Level]

    package init(name: IntentName, levels: [Level]) {
        self.name = name
        self.levels = levels
    }

    /// Every intent that some level names.
    package var members: Set<IntentName> { Set(levels.flatMap(\.inForce)) }

    /// Of every member the levels that have it in force, ascending.
    package var places: [IntentName: [Int]] {
        var places: [IntentName: [Int]] = [:]
        for at in levels.indices { for name in levels[at].inForce { places[name, default: []].append(at) } }
        return places
    }

    package func level(_ name: PostureLevel) -> Level? { levels.first { $0.name.isSame(as: name) } }

    /// Members that are not in force at this level: installed ahead, at a part that understands and does not send.
    package func resting(at level: PostureLevel) -> Set<IntentName> {
        members.subtracting(self.level(level)?.inForce ?? [])
    }

    /// Whether no level has both in force: they may then speak on the same sockets.
    package func keepsApart(_ a: IntentName, _ b: IntentName) -> Bool {
        var metA = false
        var metB = false
        for level in levels {
            let hasA = level.inForce.contains(a)
            let hasB = level.inForce.contains(b)
            if hasA && hasB { return false }
            metA = metA || hasA
            metB = metB || hasB
        }
        return metA && metB
    }

    /// `from CPCON4`, `at CPCON3`, `from CPCON4 to CPCON3`, `at CPCON5 and from CPCON3`: where an intent is in force; nil: it
    /// is no member.
    package func whereabouts(of intent: IntentName) -> String? {
        var spans: [ClosedRange<Int>] = []
        for at in levels.indices where levels[at].inForce.contains(intent) {
            if let last = spans.last, last.upperBound == at - 1 {
                spans[spans.count - 1] = last.lowerBound...at
            } else {
                spans.append(at...at)
            }
        }
        guard !spans.isEmpty else { return nil }
        return spans.map { span in
            let first = levels[span.lowerBound].name
            if span.upperBound == levels.count - 1 { return span.count == 1 ? "at \(first)" : "from \(first)" }
            return span.count == 1 ? "at \(first)" : "from \(first) to \(levels[span.upperBound].name)"
        }.joined(separator: " and ")
    }
}

/// The level that is in force, who set it, and how far the fleet has followed.
package struct PostureStanding: Hashable, Codable, Sendable {
    package enum Via: String, Hashable, Codable, Sendable {
        /// `l45 threat-level`.
        case command
        /// A document that was applied, or come back to.
        case document
    }

    /// The posture's document.
    package var posture: IntentName
    package var level: PostureLevel
    /// The one before; nil: there was none.
    package var previous: PostureLevel?
    /// Of a command: who gave it, as that machine says, `alice@ops-1`. Of a document: where it came from.
    package var by: String
    package var via: Via
    package var since: Timestamp
    /// When every tap in scope had confirmed the level, by our clock; nil: not yet.
    package var reachedAt: Timestamp?

    package init(
        posture: IntentName, level: PostureLevel, previous: PostureLevel? = nil, by: String, via: Via, since: Timestamp,
        reachedAt: Timestamp? = nil
    ) {
        self.posture = posture
        self.level = level
        self.previous = previous
        self.by = by
        self.via = via
        self.since = since
        self.reachedAt = reachedAt
    }

    /// From the word to the last tap's confirmation; nil: not reached yet.
    package var took: Span? { reachedAt.map { max(.zero, $0 - since) } }
}
