import L45Model

/// Something that `wait` waits for, and how to tell from the orchestrator's answers whether it has come about.
enum WaitGoal: Hashable, Sendable {
    /// Every tap in scope runs what the intent's present revision and edition ask for.
    case settled(IntentName)
    /// The intent and its modules are gone.
    case deleted(IntentName)
    /// The device holds its connection. Named as in `ResourceQuery.names`.
    case connected(String)
    /// Every path of this name rests so. Named as in `ResourceQuery.names`.
    case path(String, PathStanding.Phase)
    /// The module's tap has it in the part that its device was told. Named by its id.
    case confirmed(String)
    /// What the source's repository has is applied; nil: whatever it has, else this commit, by the start of its name.
    case applied(String, commit: String?)
    /// The same, and every intent of it is settled.
    case healthy(String)
    /// The level is in force, and every tap in scope has confirmed it; nil: whichever level it is.
    case level(PostureLevel?)

    enum Verdict: Hashable, Sendable {
        case met
        /// What holds it up, one line each: on which device, since when.
        case waiting([String])
        /// It goes no further by itself: a halt, one line each, and what lets it go on.
        case halted([String])
        /// It cannot come about.
        case hopeless(APIFailure)
    }

    /// `intent/dns`.
    var subject: String {
        switch self {
        case .settled(let name), .deleted(let name): "intent/\(name)"
        case .connected(let device): "device/\(device)"
        case .path(let name, _): "path/\(name)"
        case .confirmed(let id): "module/\(id)"
        case .applied(let name, _), .healthy(let name): "source/\(name)"
        case .level(let level): "threat-level\(level.map { "/\($0)" } ?? "")"
        }
    }

    /// `settled`.
    var word: String {
        switch self {
        case .settled: "settled"
        case .deleted: "deleted"
        case .connected: "connected"
        case .path(_, let phase): phase.rawValue
        case .confirmed: "confirmed"
        case .applied(_, nil): "applied"
        case .applied(_, let commit?): "applied at \(commit)"
        case .healthy: "healthy"
        case .level: "settled"
        }
    }

    /// What to ask. `judge` takes the answers in the same order.
    var questions: [APIRequest] {
        switch self {
        case .settled(let name), .deleted(let name):
            [
                .get(ResourceQuery(.intents, names: [name.rawValue])),
                .get(ResourceQuery(.rollouts, intent: name)),
            ]
        case .connected(let device): [.get(ResourceQuery(.devices, names: [device]))]
        case .path(let name, _): [.get(ResourceQuery(.paths, names: [name]))]
        case .confirmed(let id): [.get(ResourceQuery(.modules, names: [id]))]
        case .applied(let name, _), .healthy(let name): [.sources(SourceQuery(names: [name]))]
        case .level: [.get(ResourceQuery(.posture))]
        }
    }

    func judge(_ answers: [APIResponse], now: Timestamp) -> Verdict {
        for case .failure(let failure) in answers {
            if failure.code == .unavailable { return .waiting(["the orchestrator says: \(failure.message)"]) }
            if failure.code != .notFound { return .hopeless(failure) }
        }
        switch (self, answers.first) {
        case (.settled, .failure(let failure)): return .hopeless(failure)
        case (.settled, .intents(let intents)):
            guard let intent = intents.first else {
                return .hopeless(APIFailure(.notFound, "there is no \(subject)", hint: "'l45 get intents' lists them"))
            }
            let rollouts = Self.rollouts(answers)
            let halts = Self.halts(intent, rollouts)
            if !halts.isEmpty { return .halted(halts) }
            let holdups = Self.unsettled(intent, rollouts, now)
            return holdups.isEmpty ? .met : .waiting(holdups)
        case (.deleted, _):
            let present = if case .intents(let intents) = answers.first { intents.first } else { IntentView?.none }
            return Self.undeleted(present, Self.rollouts(answers), now)
        case (.connected(let name), .failure): return .waiting(["no device '\(name)' has enrolled"])
        case (.connected(let name), .devices(let devices)):
            guard let device = devices.first else { return .waiting(["no device '\(name)' has enrolled"]) }
            guard device.link != .connected else { return .met }
            let since = device.linkSince.map { "is away for \(Age.text(now - $0.timestamp))" }
            return .waiting(["device \(device.name) \(since ?? "has never connected")"])
        case (.path(let name, _), .failure): return .waiting(["nobody guards a path '\(name)'"])
        case (.path(_, let phase), .paths(let paths)):
            let holdups = paths.filter { $0.phase != phase }.map { Self.describe($0, now) }
            return holdups.isEmpty && !paths.isEmpty ? .met : .waiting(holdups)
        case (.confirmed(let id), .failure): return .waiting(["no device has a module '\(id)' in its table"])
        case (.confirmed(let id), .modules(let modules)): return Self.unconfirmed(id, modules, now)
        case (.applied, .failure(let failure)), (.healthy, .failure(let failure)): return .hopeless(failure)
        case (.applied(_, let commit), .sources(let sources)):
            guard let source = sources.first else { break }
            return SourceGoal.judge(source, commit: commit, now: now)
        case (.healthy, .sources(let sources)):
            guard let source = sources.first else { break }
            let verdict = SourceGoal.judge(source, commit: nil, now: now)
            return verdict == .met ? SourceGoal.health(source) : verdict
        case (.level(let level), .posture(let postures)):
            guard let posture = postures.first else { return .waiting(["no posture is applied"]) }
            let holdups = Self.unreached(posture, level, now)
            return holdups.isEmpty ? .met : .waiting(holdups)
        default: break
        }
        return .hopeless(APIFailure(.internalError, "the orchestrator gave an answer of another kind"))
    }

    private static func unconfirmed(_ id: String, _ modules: [ModuleView], _ now: Timestamp) -> Verdict {
        guard let module = modules.first else { return .waiting(["no device has a module '\(id)' in its table"]) }
        guard let said = module.conditions?.first(where: { $0.type == "Confirmed" }) else {
            return .hopeless(
                APIFailure(
                    .unavailable, "the orchestrator does not say whether modules are confirmed",
                    hint: "it is of an earlier release: upgrade it"))
        }
        if said.status == .yes { return .met }
        let since = said.since.map { ", for \(Age.text(now - $0.timestamp))" } ?? ""
        return .waiting(["\(module.deviceName): \(said.message)\(since)"])
    }

    /// - Returns: empty when the level is in force everywhere.
    private static func unreached(_ posture: PostureView, _ level: PostureLevel?, _ now: Timestamp) -> [String] {
        if let level, !level.isSame(as: posture.level) {
            return ["the level is \(posture.level): 'l45 threat-level \(level)' changes it"]
        }
        var holdups = posture.waiting.map { "level \(posture.level) waits for \(RolloutsTable.waiting($0))" }
        if !posture.isReached || !holdups.isEmpty {
            holdups += posture.held.map { "intent \($0) is paused or halted, and does not follow" }
            let since = posture.since.map { " for \(Age.text(now - $0.timestamp))" } ?? ""
            if holdups.isEmpty { holdups = ["level \(posture.level) is on its way\(since)"] }
        }
        return holdups
    }

    private static func describe(_ path: PathView, _ now: Timestamp) -> String {
        let why = PathsTable.reason(path)
        let phase = path.phase?.rawValue ?? "not reported"
        return "\(path.deviceName)/\(path.name) is \(phase) for \(Age.since(path.since, now))"
            + (why.isEmpty ? "" : ": \(why)")
    }

    private static func rollouts(_ answers: [APIResponse]) -> [RolloutView] {
        if case .rollouts(let rollouts) = answers.last { rollouts } else { [] }
    }

    /// - Returns: empty when nothing of the edition that the intent asks for is halted. A halt of an older edition, or under a
    ///   revision that no pass has looked at, says nothing of what comes.
    private static func halts(_ intent: IntentView, _ rollouts: [RolloutView]) -> [String] {
        guard !intent.deleting, intent.observedRevision >= intent.revision else { return [] }
        let halts = rollouts.compactMap { rollout -> String? in
            guard let halt = rollout.halted, rollout.epoch == intent.epoch else { return nil }
            return "flow \(rollout.flow) is halted: \(halt.reason)"
        }
        guard !halts.isEmpty else { return [] }
        return halts + ["'l45 rollout retry \(intent.name)' goes on, 'l45 rollout undo \(intent.name)' goes back"]
    }

    /// - Returns: empty when it is settled.
    private static func unsettled(_ intent: IntentView, _ rollouts: [RolloutView], _ now: Timestamp) -> [String] {
        var holdups: [String] = []
        if intent.deleting { holdups.append("the intent is being withdrawn") }
        if intent.observedRevision < intent.revision {
            holdups.append("revision \(intent.revision) is not looked at yet, only \(intent.observedRevision)")
        }
        for rollout in rollouts {
            if let halt = rollout.halted {
                holdups.append("flow \(rollout.flow) is halted: \(halt.reason)")
            }
            if rollout.phase != .settled {
                holdups += describe(rollout, now)
            } else if rollout.epoch != intent.epoch {
                let speaks = rollout.epoch.map { "epoch \($0)" } ?? "no epoch"
                holdups.append("flow \(rollout.flow) is at \(speaks), not yet on its way to epoch \(intent.epoch)")
            }
        }
        if intent.paused, !(holdups.isEmpty && intent.ready) {
            holdups.append("the rollout is paused: 'l45 rollout resume \(intent.name)' lets it go on")
        }
        if holdups.isEmpty && !intent.ready {
            let said = intent.conditions.first { $0.type == "Ready" }
            let since = said?.since.map { " for \(Age.text(now - $0.timestamp))" } ?? ""
            holdups.append("not ready\(since): \(said?.message ?? "the orchestrator gives no reason")")
        }
        return holdups
    }

    private static func undeleted(_ intent: IntentView?, _ rollouts: [RolloutView], _ now: Timestamp) -> Verdict {
        if let intent, !intent.deleting {
            return .waiting(["nobody has deleted it: 'l45 delete intent \(intent.name)' does"])
        }
        let holdups = rollouts.flatMap { describe($0, now) }
        if holdups.isEmpty { return intent == nil ? .met : .waiting(["the intent is being withdrawn"]) }
        return .waiting(holdups)
    }

    /// `flow dns/0 is in flip-clients for 12s, waits for web-1: has not …`, one line per device.
    private static func describe(_ rollout: RolloutView, _ now: Timestamp) -> [String] {
        let since = rollout.since.map { " for \(Age.text(now - $0.timestamp))" } ?? ""
        let standing = "flow \(rollout.flow) is in \(rollout.phase.rawValue)\(since)"
        guard !rollout.waiting.isEmpty else { return [standing] }
        return rollout.waiting.map { "\(standing), waits for \(RolloutsTable.waiting($0))" }
    }
}
