import L45Model

/// What a pass has to tell: standings that changed, and events.
struct Journal {
    private let snapshot: FleetSnapshot
    private let braked: Bool
    private let now: Timestamp
    private(set) var standings: [Action] = []
    private(set) var notes: [Action] = []

    /// Devices that one standing names at most. The last one named says how many more there are.
    static let waitingMax = 64

    init(snapshot: FleetSnapshot, braked: Bool, now: Timestamp) {
        self.snapshot = snapshot
        self.braked = braked
        self.now = now
    }

    mutating func add(_ rotation: Rotation, _ devices: [DeviceStanding], _ tables: Tables) {
        let flow = rotation.flow
        let shown = snapshot.statuses[flow.name]
        let phase = rotation.phase(changed: tables.changed)
        var since = now
        if let standing = rotation.standing, standing.phase == phase, standing.since <= now { since = standing.since }
        let status = RolloutStatus(
            intent: flow.intent, flow: flow.name, epoch: flow.epoch, phase: phase,
            paused: snapshot.paused.contains(flow.intent),
            waiting: waiting(rotation, phase, since, devices, tables), since: since,
            course: course(rotation, phase), rest: rest(flow))
        guard status != shown else { return }
        add(status.course, before: shown?.epoch == flow.epoch ? shown?.course : nil, of: flow)
        standings.append(.status(status))
        if status.phase != shown?.phase || status.epoch != shown?.epoch {
            var facts = ["intent": flow.intent.description, "phase": phase.rawValue]
            facts["epoch"] = status.epoch?.description
            note("flow/\(flow.name)", "rollout entered a phase", facts)
        }
        if flow.conflicted, shown == nil || shown?.epoch != nil {
            note(
                "flow/\(flow.name)", "plan gives a module id another dialect; the old one is withdrawn first",
                ["intent": flow.intent.description], .warning)
        }
    }

    /// A flow that is called into force was at standby in this very edition.
    private func rest(_ flow: Flow) -> RolloutStatus.Rest? {
        guard flow.epoch != nil else { return nil }
        if flow.resting { return .standby }
        guard let shown = snapshot.statuses[flow.name], shown.epoch == flow.epoch else { return nil }
        return shown.rest == nil ? nil : .called
    }

    /// An edition that goes to rest in the middle of its waves goes on from there when it is called, halted if it was.
    private func course(_ rotation: Rotation, _ phase: RolloutPhase) -> RolloutCourse? {
        guard rotation.flow.resting else { return phase == .settled ? nil : rotation.course?.state }
        guard let shown = snapshot.statuses[rotation.flow.name], shown.epoch == rotation.flow.epoch,
            var course = shown.course
        else { return nil }
        course.soaking = nil
        course.held = course.held ?? now
        return course
    }

    private mutating func add(_ course: RolloutCourse?, before: RolloutCourse?, of flow: Flow) {
        guard let course else { return }
        let subject = "flow/\(flow.name)"
        var facts = ["intent": flow.intent.description, "wave": "\(course.wave + 1) of \(course.waves)"]
        facts["epoch"] = flow.epoch?.description
        if let halt = course.halt, before?.halt == nil {
            facts["cause"] = halt.cause.rawValue
            facts["reason"] = halt.reason
            note(subject, "rollout halted", facts, .alert)
        } else if course.wave != before?.wave ?? 0 {
            note(subject, "rollout entered a wave", facts)
        }
    }

    /// Flows that are in no plan and no table any more: forgotten once no tap runs what its table lacks.
    mutating func addGone(_ present: Set<FlowName>, _ devices: [DeviceStanding]) {
        let gone = snapshot.statuses.keys.filter { !present.contains($0) }.sorted()
        guard !gone.isEmpty else { return }
        let laggards = devices.filter { device in
            guard let report = device.snapshot.report else { return false }
            return report.modules.contains { device.snapshot.table?.entry($0.id) == nil }
        }
        for name in gone {
            guard var status = snapshot.statuses[name] else { continue }
            // Those that were waited for at the revocation; a report does not say which flow a lost module is of.
            let named = Set(status.waiting.map(\.device))
            let open = named.count < Self.waitingMax ? laggards.filter { named.contains($0.id) } : laggards
            if open.isEmpty {
                standings.append(.forget(name))
                note("flow/\(name)", "flow withdrawn", ["intent": status.intent.description])
                continue
            }
            status.waiting = cut(open.map { ($0, Wording.unconfirmed($0, generation: $0.generation)) })
            if status != snapshot.statuses[name] { standings.append(.status(status)) }
        }
    }

    mutating func addDevices(_ devices: [DeviceStanding], _ tables: Tables) {
        for (at, device) in devices.enumerated() where device.repair && tables.decided[at] != nil {
            var facts = [
                "decided": device.generation.description,
                "reported": (device.snapshot.report?.generation ?? Generation.none).description,
                "next": tables.generation(at, device).description,
            ]
            if device.tap == .ahead { facts["ledger"] = device.snapshot.ledgerGeneration.description }
            let message =
                device.tap == .ahead
                ? "device is ahead of the inventory; its table is decided anew"
                : "device drifted from its table; repaired"
            note("device/\(device.id)", message, facts, .warning)
            if !device.unknownModules.isEmpty {
                note(
                    "device/\(device.id)", "device runs modules that the inventory does not know; they are taken off",
                    ["modules": device.unknownModules.sorted().map(\.description).joined(separator: " ")], .alert)
            }
        }
        let wasBraked = snapshot.statuses.values.contains { $0.waiting.contains { $0.reason.hasSuffix(Wording.brake) } }
        if braked, !wasBraked { note("fleet", Wording.brake, [:], .alert) }
        if !braked, wasBraked { note("fleet", "the fleet is back", [:]) }
    }

    // MARK: Who is waited for

    private func waiting(
        _ rotation: Rotation, _ phase: RolloutPhase, _ since: Timestamp, _ devices: [DeviceStanding], _ tables: Tables
    ) -> [RolloutStatus.Waiting] {
        var open: [(DeviceStanding, String)] = []
        for (at, member) in rotation.flow.members.enumerated() {
            let device = devices[member.device]
            let changed = tables.decided[member.device] != nil
            // A flow that has settled does not care about tables that other flows change, unless one is refused.
            let confirmed =
                phase == .settled
                ? device.fresh && device.shows(rotation.next[at].entries) && !device.refuses
                : member.confirmed && !changed
            if !confirmed {
                open.append((device, Wording.unconfirmed(device, generation: tables.generation(member.device, device))))
            } else if phase == .drain, let hold = rotation.drainHold(member) {
                open.append((device, hold))
            }
        }
        if open.isEmpty, phase != .settled, let hold = rotation.roomHold ?? rotation.courseHold {
            open.append((devices[rotation.flow.members[hold.member].device], hold.reason))
        }
        if open.isEmpty, let first = rotation.flow.members.first {
            let device = devices[first.device]
            let until = since + snapshot.policy.drainBound
            if rotation.flow.mixed {
                let epochs = Set(rotation.flow.members.flatMap(\.wanted).map(\.epoch)).sorted()
                open.append((device, Wording.mixed(epochs)))
            } else if !rotation.held, phase == .drain || phase == .deprecate {
                let old = rotation.flow.members.first { $0.hasLeaving }.map { devices[$0.device] }
                open.append((old ?? device, old == nil ? Wording.settling(until: until) : Wording.bound(until: until)))
            } else if braked, phase != .settled {
                open.append((device, "is here"))
            }
        }
        return cut(open)
    }

    private func cut(_ open: [(DeviceStanding, String)]) -> [RolloutStatus.Waiting] {
        var waiting = open.prefix(Self.waitingMax).map { RolloutStatus.Waiting(device: $0.0.id, reason: $0.1) }
        if open.count > Self.waitingMax {
            waiting[waiting.count - 1].reason += Wording.more(open.count - Self.waitingMax)
        }
        if braked { for at in waiting.indices { waiting[at].reason += "; \(Wording.brake)" } }
        return waiting
    }

    private mutating func note(
        _ subject: String, _ message: String, _ facts: [String: String], _ severity: Event.Severity = .info
    ) {
        notes.append(.note(Event(at: now, severity: severity, subject: subject, message: message, facts: facts)))
    }
}
