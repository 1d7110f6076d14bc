package import IntentCompiler
package import L45Model

// The posture is an intent that selects intents. Its document says which level it begins with; after that the level goes its
// own way, and whoever set it last is on record.
extension IntentBook {
    /// The posture's document, parsed; nil: there is none. More than one are never adopted.
    package var postureIntent: Intent? {
        parsed.values.filter { $0.posture != nil }.min { $0.name < $1.name }
    }

    /// The posture over the intents that there are; nil: there is none.
    package var posture: Posture? {
        guard postureIntent != nil else { return nil }
        return PostureCheck.resolve(parsed.values.sorted { $0.name < $1.name }).posture
    }

    /// Intents that the present level has not in force.
    package var resting: Set<IntentName> {
        guard let standing, let posture else { return [] }
        return posture.resting(at: standing.level)
    }

    /// The level that the document names.
    var declaredLevel: PostureLevel? { postureIntent?.posture?.level }

    /// Takes the level from the posture's document where that is new, or names another level than before; any other change
    /// of it, and the same document again, leave the level to whoever set it last.
    /// - Parameter before: the book before the change.
    /// - Parameter applied: documents that somebody just applied: of these the author is told.
    /// - Returns: warnings.
    mutating func followDocument(
        from before: IntentBook, applied: Set<IntentName>, now: Timestamp
    ) -> [String] {
        guard let intent = postureIntent, let said = intent.posture else {
            standing = nil
            return []
        }
        let origin = records[intent.name]?.origin ?? ""
        let old = before.parsed[intent.name]?.posture
        let new = PostureStanding(
            posture: intent.name, level: said.level, previous: standing?.level, by: origin, via: .document, since: now)
        guard let now = standing, now.posture == intent.name, let old else {
            standing = new
            return []
        }
        if now.level.isSame(as: said.level) { return [] }
        let isGone = !said.levels.contains { $0.isSame(as: now.level) }
        if isGone || !old.level.isSame(as: said.level) {
            standing = new
            return [
                "\(origin): warning: the level goes from \(now.level), set by \(now.author) at \(now.since.rfc3339),"
                    + " to \(said.level)"
            ]
        }
        guard applied.contains(intent.name) else { return [] }
        return [
            "\(origin): warning: the level stays at \(now.level), set by \(now.author) at \(now.since.rfc3339), since the"
                + " document says \(said.level) as before; 'l45 threat-level \(said.level)' goes there"
        ]
    }

    /// - Parameter level: one of the posture's.
    package mutating func setLevel(_ level: PostureLevel, by: String, now: Timestamp) {
        guard let standing, !standing.level.isSame(as: level) else { return }
        self.standing = PostureStanding(
            posture: standing.posture, level: level, previous: standing.level, by: by, via: .command, since: now)
    }

    /// What devices are to guard at the present level. They go on answering for paths at rest.
    func inForce(_ paths: [DevicePaths]) -> [DevicePaths] {
        let resting = resting
        guard !resting.isEmpty else { return paths }
        return paths.map { device in
            DevicePaths(
                device: device.device, paths: device.paths.filter { !resting.contains($0.intent) },
                answers: device.answers)
        }.filter { !$0.isEmpty }
    }
}

extension PostureStanding {
    /// `'l45 threat-level' of alice@ops-1`, `cpcon.yaml`.
    var author: String { via == .command ? "'l45 threat-level' of \(by)" : by }
}

/// What is told of a level that changed.
enum PostureTrail {
    static func events(from old: PostureStanding?, to new: PostureStanding?, at time: Timestamp) -> [Event] {
        guard old?.level != new?.level || old?.posture != new?.posture else { return [] }
        guard let new else {
            return old.map { old in
                [
                    Event(
                        at: time, severity: .warning, subject: "posture/\(old.posture)", message: "posture withdrawn",
                        facts: ["level": "\(old.level)"])
                ]
            } ?? []
        }
        var facts = ["level": "\(new.level)", "by": new.by, "via": new.via.rawValue]
        facts["from"] = old.map { "\($0.level)" }
        facts["set before by"] = old?.author
        return [
            Event(
                at: time, severity: .warning, subject: "posture/\(new.posture)",
                message: old == nil ? "posture adopted" : "level changed", facts: facts)
        ]
    }
}
