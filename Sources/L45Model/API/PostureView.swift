/// The posture as operators see it.
package struct PostureView: Hashable, Codable, Sendable {
    /// One of its levels.
    package struct Level: Hashable, Codable, Sendable {
        package var name: PostureLevel
        package var current: Bool
        /// Sorted.
        package var inForce: [IntentName]
        /// What going there from the present level would bring into force, and put to rest. Sorted.
        package var begins: [IntentName]
        package var rests: [IntentName]
        /// Devices of which some module would change its part.
        package var devices: Int

        package init(
            name: PostureLevel, current: Bool, inForce: [IntentName], begins: [IntentName], rests: [IntentName],
            devices: Int
        ) {
            self.name = name
            self.current = current
            self.inForce = inForce
            self.begins = begins
            self.rests = rests
            self.devices = devices
        }
    }

    /// The document's name.
    package var name: IntentName
    package var level: PostureLevel
    /// What the document says; another one than `level` when a command came after it.
    package var declared: PostureLevel
    package var previous: PostureLevel?
    package var by: String
    package var via: PostureStanding.Via
    package var since: APITime?
    /// When every tap in scope had confirmed the level; nil: not yet.
    package var reachedAt: APITime?
    /// Time to posture, in milliseconds.
    package var tookMilliseconds: Int64?
    /// Devices that have modules of the posture's intents, and those whose taps run them as the level asks.
    package var devices: Int
    package var devicesReady: Int
    /// The first 64 of the others, and why.
    package var waiting: [RolloutView.Waiting]
    /// Intents of the posture that do not follow, since an operator paused them or a strategy halted them. Sorted.
    package var held: [IntentName]
    /// Lowest first.
    package var levels: [Level]
    /// `Reached`: every tap in scope has confirmed the level. `AsDeclared`: it is the one that the document names.
    package var conditions: [Condition]?

    package init(
        _ standing: PostureStanding, declared: PostureLevel, devices: Int, devicesReady: Int,
        waiting: [RolloutView.Waiting], held: [IntentName], levels: [Level]
    ) {
        name = standing.posture
        level = standing.level
        self.declared = declared
        previous = standing.previous
        by = standing.by
        via = standing.via
        since = APITime(known: standing.since)
        reachedAt = APITime(known: standing.reachedAt)
        tookMilliseconds = standing.took?.milliseconds
        self.devices = devices
        self.devicesReady = devicesReady
        self.waiting = waiting
        self.held = held
        self.levels = levels
    }

    /// What is said of it, from its own values.
    package var said: [Condition] {
        let isDone = isReached && waiting.isEmpty
        let first = waiting.first.map { "\($0.deviceName) \($0.reason)" }
        let author = via == .command ? "'l45 threat-level' of \(by)" : by
        let isDeclared = level.isSame(as: declared)
        return [
            Condition(
                type: "Reached", status: isDone ? .yes : .no,
                reason: isDone ? "Reached" : held.isEmpty ? "Progressing" : "Held",
                message: isDone
                    ? "every tap in scope runs what level \(level) asks for"
                    : first
                        ?? (held.isEmpty
                            ? "level \(level) is on its way"
                            : "\(held.map(\.rawValue).joined(separator: ", ")) do not follow"),
                since: isDone ? reachedAt?.timestamp : since?.timestamp),
            Condition(
                type: "AsDeclared", status: isDeclared ? .yes : .no, reason: via == .command ? "Command" : "Document",
                message: "\(level), set by \(author)" + (isDeclared ? "" : "; the document says \(declared)"),
                since: since?.timestamp),
        ]
    }

    /// Every tap in scope runs what the level asks for.
    package var isReached: Bool { reachedAt != nil }
}

/// A change of level.
package struct LevelRequest: Hashable, Codable, Sendable {
    /// nil: the one before the present one.
    package var level: PostureLevel?
    /// Who asks, for the trail: `alice@ops-1`.
    package var by: String

    package init(level: PostureLevel?, by: String) {
        self.level = level
        self.by = by
    }
}

/// What a change of level began.
package struct LevelResult: Hashable, Codable, Sendable {
    package var posture: IntentName
    package var from: PostureLevel
    package var to: PostureLevel
    /// Sorted.
    package var begins: [IntentName]
    package var rests: [IntentName]
    /// Devices of which some module changes its part.
    package var devices: Int
    /// Who had set the level before, and how.
    package var setBefore: String
    /// False when it was so already.
    package var changed: Bool

    package init(
        posture: IntentName, from: PostureLevel, to: PostureLevel, begins: [IntentName], rests: [IntentName],
        devices: Int, setBefore: String, changed: Bool
    ) {
        self.posture = posture
        self.from = from
        self.to = to
        self.begins = begins
        self.rests = rests
        self.devices = devices
        self.setBefore = setBefore
        self.changed = changed
    }
}
