import IntentCompiler
import L45Model
import Reconciler

// The posture as operators see it.
extension FleetViews {
    /// Devices that one standing names at most.
    private static let waitingMax = 64

    func postures(_ query: ResourceQuery) throws(APIFailure) -> [PostureView] {
        let view = posture
        for name in query.names where view?.name.rawValue != name {
            throw APIFailure(
                .notFound, "there is no posture '\(name)'",
                hint: view.map { "there is '\($0.name)'" } ?? "no posture is applied")
        }
        return view.map { [$0] } ?? []
    }

    var posture: PostureView? {
        guard let standing = book.standing, let posture = book.posture, let declared = book.declaredLevel else {
            return nil
        }
        let members = posture.members
        let followers = Reconciler.followers(fleet.snapshot, of: members, now: now)
        let halted = fleet.statuses.values.filter { $0.course?.halt != nil && $0.rest != .standby }.map(\.intent)
        let paused = book.records.values.filter(\.paused).map(\.name)
        var view = PostureView(
            standing, declared: declared, devices: followers.devices,
            devicesReady: followers.devices - followers.laggards.count,
            waiting: followers.laggards.prefix(Self.waitingMax).map {
                withProspect(
                    RolloutView.Waiting(
                        device: $0.device, deviceName: names[$0.device] ?? "\($0.device)", reason: $0.reason))
            },
            held: members.intersection(halted + paused).sorted(),
            levels: posture.levels.map { level in
                let resting = posture.resting(at: level.name)
                return PostureView.Level(
                    name: level.name, current: level.name.isSame(as: standing.level), inForce: level.inForce,
                    begins: fleet.resting.subtracting(resting).sorted(),
                    rests: resting.subtracting(fleet.resting).sorted(),
                    devices: devices(of: resting.symmetricDifference(fleet.resting)))
            })
        view.conditions = view.said
        return view
    }

    /// How many devices have modules of these intents by their plans.
    func devices(of intents: Set<IntentName>) -> Int {
        guard !intents.isEmpty else { return 0 }
        return fleet.devices.values.count { device in
            device.plan?.modules.contains { intents.contains($0.intent) } ?? false
        }
    }

    /// The posture's document among the intents; nil: the record is no posture's.
    func postureIntent(_ record: IntentRecord) -> IntentView? {
        guard book.intent(record.name)?.posture != nil, let view = posture, view.name == record.name else { return nil }
        let isReady = view.isReached && view.waiting.isEmpty
        let first = view.waiting.first.map { "\($0.deviceName) \($0.reason)" }
        let set = view.via == .command ? "'l45 threat-level' of \(view.by)" : view.by
        let away = view.waiting.count { waiting in
            if case .away? = fleet.devices[waiting.device]?.link { true } else { false }
        }
        var shown = IntentView(
            record: record, observedRevision: record.revision, rotate: nil, rotateNext: nil, flows: 0,
            devices: view.devices, devicesReady: view.devicesReady, devicesAway: away, phase: nil, ready: isReady,
            conditions: [
                Condition(
                    type: "Ready", status: isReady ? .yes : .no, reason: isReady ? "Reached" : "Progressing",
                    message: isReady
                        ? "every tap in scope runs what level \(view.level) asks for" : first ?? "on its way",
                    since: view.reachedAt?.timestamp ?? view.since?.timestamp),
                Condition(
                    type: "Level", status: .yes, reason: "\(view.level)",
                    message:
                        "set by \(set)\(view.level.isSame(as: view.declared) ? "" : "; the document says \(view.declared)")",
                    since: view.since?.timestamp),
            ])
        for at in shown.conditions.indices { shown.conditions[at].observedGeneration = record.revision }
        shown.owners = owners(of: record)
        return shown
    }

    /// Whether an intent that belongs to the posture is in force, and why not; nil: it belongs to none.
    func posturePart(of intent: IntentName) -> Condition? {
        guard let standing = book.standing, let places = book.posture?.whereabouts(of: intent) else { return nil }
        let rests = fleet.resting.contains(intent)
        return Condition(
            type: "InForce", status: rests ? .no : .yes, reason: "\(standing.level)",
            message: rests
                ? "stands by, to be in force \(places): every device understands it, none sends it"
                : "in force \(places)",
            since: standing.since)
    }
}
