package import L45Model
import Reconciler

/// The security checks of the whole fleet: which module is due, what became of each challenge, who is not to be trusted. A
/// value; the shell feeds it the fleet, time and answers, and carries its effects out.
///
/// Modules are checked that were decided for a device and that its tap, over the present connection, says it has. A device
/// that is away is neither asked nor blamed.
package struct CheckBook: Sendable {
    package struct Place: Hashable, Sendable, Comparable {
        package let device: DeviceID
        package let module: ModuleID
        package init(_ device: DeviceID, _ module: ModuleID) {
            self.device = device
            self.module = module
        }
        package static func < (a: Self, b: Self) -> Bool { (a.device, a.module) < (b.device, b.module) }
    }

    package let policy: CheckPolicy
    package private(set) var checks: [Place: SecurityCheck] = [:]
    package private(set) var distrusts: [DeviceID: [IntentName: Distrust]] = [:]
    /// As the CIB has them, until their modules are seen.
    private var stored: [Place: ModuleCheck] = [:]
    private var unstored: Set<Place> = []
    private var gone: Set<Place> = []
    /// Devices that are connected.
    private var here: Set<DeviceID> = []
    /// Devices whose agents relay challenges.
    private var able: Set<DeviceID> = []
    /// Devices of which a module has left a challenge unanswered since the last answer.
    private var missing: Set<DeviceID> = []
    private var brake = (devicesMin: Int.max, share: 1.0)
    private var number: UInt64
    private var lastStep: Timestamp = .never
    /// When the next step is, at the earliest.
    private var wakeAt: Timestamp = .never
    /// When something is due.
    package private(set) var dueAt: Timestamp = .never
    private var heldAt: Timestamp = .never

    /// Of a pause between two steps only so much counts as somebody's silence: a longer one was this process's own.
    private static let pauseMax = Span.seconds(3)
    private static let heldAgainAfter = Span.seconds(300)

    /// - Parameter number: of the first challenge; drawn, so that answers to an earlier process mean nothing to this one.
    package init(
        policy: CheckPolicy, checks: [ModuleCheck] = [], distrusts: [Distrust] = [],
        number: UInt64 = UInt64.random(in: 1...1 << 60)
    ) {
        self.policy = policy
        self.number = number
        for check in checks { stored[Place(check.device, check.module)] = check }
        for distrust in distrusts { self.distrusts[distrust.device, default: [:]][distrust.intent] = distrust }
    }

    /// By intent: devices that take no part in it.
    package var distrusted: [IntentName: Set<DeviceID>] {
        var found: [IntentName: Set<DeviceID>] = [:]
        for (device, intents) in distrusts { for intent in intents.keys { found[intent, default: []].insert(device) } }
        return found
    }

    /// Whether its agent relays challenges, as far as is known.
    package func isAble(_ id: DeviceID) -> Bool { able.contains(id) }

    // MARK: The line

    package mutating func connected(_ id: DeviceID, answersChallenges: Bool) {
        here.insert(id)
        if answersChallenges { able.insert(id) } else { able.remove(id) }
        wakeAt = .never
    }

    /// - Returns: of modules whose line ended once too often.
    package mutating func disconnected(_ id: DeviceID, _ fleet: FleetState, now: Timestamp) -> [CheckEffect] {
        here.remove(id)
        missing.remove(id)
        var effects: [CheckEffect] = []
        for entry in fleet.devices[id]?.table?.modules ?? [] {
            let place = Place(id, entry.plan.id)
            guard let verdict = checks[place]?.lineLost(policy: policy, now: now) else { continue }
            effects += self.effects(of: verdict, at: place, entry.plan, now)
        }
        return effects
    }

    package mutating func forget(_ id: DeviceID) {
        here.remove(id)
        able.remove(id)
        missing.remove(id)
        distrusts[id] = nil
        // The CIB lets go of its rows with the device's.
        checks = checks.filter { $0.key.device != id }
        unstored = unstored.filter { $0.device != id }
        stored = stored.filter { $0.key.device != id }
    }

    /// The device's distrusts are lifted.
    package mutating func readmit(_ id: DeviceID) {
        wakeAt = .never
        distrusts[id] = nil
    }

    /// An answer came. What it changes has to be stored (`changes`) before the next `step`.
    package mutating func answered(
        _ answer: ModuleAnswer, by id: DeviceID, _ fleet: FleetState, now: Timestamp
    ) -> [CheckEffect] {
        let place = Place(id, answer.module)
        guard let plan = fleet.knownModules(id)[answer.module] else { return [] }
        let window = self.window(plan)
        guard let verdict = checks[place]?.take(answer, window: window, policy: policy, now: now) else { return [] }
        return effects(of: verdict, at: place, plan, now)
    }

    // MARK: For the CIB

    package var changes: (checks: [ModuleCheck], gone: [Place]) {
        (unstored.sorted().compactMap { checks[$0]?.standing }, gone.sorted())
    }
    package mutating func wereStored() {
        unstored = []
        gone = []
    }

    // MARK: Steps

    /// Asks whoever is due. Everything of `changes` is stored by now.
    package mutating func step(
        _ fleet: FleetState, now: Timestamp, using random: inout some RandomNumberGenerator
    ) throws -> [CheckEffect] {
        guard now >= wakeAt || now < lastStep else { return [] }
        let gap = now - lastStep
        if lastStep != .never, gap > Self.pauseMax || gap < .zero {
            let uncounted = gap < .zero ? gap : Span(milliseconds: gap.milliseconds - Self.pauseMax.milliseconds)
            for place in checks.keys { checks[place]?.stoodStill(uncounted) }
        }
        lastStep = now
        brake = (fleet.policy.brakeDevicesMin, fleet.policy.brakeShare)
        let roster = follow(fleet, now)
        var effects = judgeSilence(roster, now)
        var due = roster.filter { place, _ in checks[place].map { !$0.isAsked && now >= $0.dueAt } ?? false }
            .sorted { (checks[$0.key]?.dueAt ?? .never, $0.key) < (checks[$1.key]?.dueAt ?? .never, $1.key) }
        if due.count > policy.atOnceMax { due.removeLast(due.count - policy.atOnceMax) }
        for (place, plan) in due where distrusts[place.device]?[plan.intent] == nil {
            guard able.contains(place.device) else {
                if let verdict = checks[place]?.unaskable(
                    "its agent relays no challenges any more", policy: policy, now: now)
                {
                    effects += self.effects(of: verdict, at: place, plan, now)
                }
                continue
            }
            number += 1
            if let challenge = try checks[place]?.ask(number: number, now: now, using: &random) {
                effects.append(.ask(place.device, challenge))
            }
        }
        effects += confirmRevoked(fleet, now)
        // A large fleet is walked less often.
        wakeAt = now + .milliseconds(max(200, Int64(checks.count) / 50))
        dueAt =
            roster.keys.lazy.compactMap { [checks, policy] in checks[$0]?.lookAt(policy) }.min() ?? now + .seconds(3600)
        return effects
    }

    /// Takes up modules that came, and forgets those that went.
    /// - Returns: those that can be asked.
    private mutating func follow(_ fleet: FleetState, _ now: Timestamp) -> [Place: ModulePlan] {
        var roster: [Place: ModulePlan] = [:]
        var present: Set<Place> = []
        for (id, snapshot) in fleet.devices {
            var isHere = false
            if case .connected(_, reported: true) = snapshot.link { isHere = true }
            for entry in snapshot.table?.modules ?? [] {
                let place = Place(id, entry.plan.id)
                present.insert(place)
                if checks[place] == nil {
                    let known = stored.removeValue(forKey: place)
                    let standing =
                        known ?? ModuleCheck(device: id, module: entry.plan.id, key: entry.plan.initKey)
                    checks[place] = SecurityCheck(
                        standing, initKey: entry.plan.initKey, isUnsure: known != nil,
                        dueAt: known.map { $0.verifiedAt + window(entry.plan) } ?? now)
                }
                guard isHere, distrusts[id]?[entry.plan.intent] == nil, snapshot.report?.module(entry.plan.id) != nil
                else { continue }
                // A device that was never checked may be of a release that can not be; what could, can.
                guard able.contains(id) || (checks[place]?.standing.step ?? 0) > 0 else { continue }
                roster[place] = entry.plan
            }
        }
        for place in checks.keys where !present.contains(place) {
            checks[place] = nil
            unstored.remove(place)
            gone.insert(place)
        }
        for place in stored.keys where !present.contains(place) {
            stored[place] = nil
            gone.insert(place)
        }
        return roster
    }

    private mutating func judgeSilence(_ roster: [Place: ModulePlan], _ now: Timestamp) -> [CheckEffect] {
        var effects: [CheckEffect] = []
        for place in roster.keys.filter({ checks[$0]?.isAsked ?? false }).sorted() {
            guard let plan = roster[place], let verdict = checks[place]?.waited(policy: policy, now: now) else {
                continue
            }
            effects += self.effects(of: verdict, at: place, plan, now)
        }
        return effects
    }

    /// Most of the fleet leaves challenges unanswered: the fault is taken to be ours, and nobody is blamed.
    private var isBraked: Bool {
        missing.count >= brake.devicesMin && Double(missing.count) > brake.share * Double(here.count)
    }

    private mutating func hold(_ place: Place, _ now: Timestamp) -> [CheckEffect] {
        checks[place]?.forgive(now: now + policy.silence)
        guard heldAt == .never || now - heldAt >= Self.heldAgainAfter else { return [] }
        heldAt = now
        return [
            .note(
                Event(
                    at: now, severity: .alert, subject: "orchestrator",
                    message: "most of the fleet answers no security check: nobody is blamed",
                    facts: ["silent": "\(missing.count)", "connected": "\(here.count)"]))
        ]
    }

    private mutating func effects(
        of verdict: SecurityCheck.Verdict, at place: Place, _ plan: ModulePlan, _ now: Timestamp
    ) -> [CheckEffect] {
        let facts = ["module": "\(place.module)", "intent": "\(plan.intent)", "flow": "\(plan.flow)"]
        switch verdict {
        case .stale: return []
        case .unanswered:
            missing.insert(place.device)
            return []
        case .verified:
            missing.remove(place.device)
            unstored.insert(place)
            return []
        case .beginsAgain(let lost):
            unstored.insert(place)
            wakeAt = .never
            return [
                .note(
                    Event(
                        at: now, severity: .warning, subject: "device/\(place.device)",
                        message: "a module's chain of keys begins again",
                        facts: facts.merging(["steps": "\(lost)"]) { _, new in new }))
            ]
        case .failed(let failure):
            guard distrusts[place.device]?[plan.intent] == nil else { return [] }
            if case .silent = failure {
                missing.insert(place.device)
                if isBraked { return hold(place, now) }
            }
            let distrust = Distrust(
                device: place.device, intent: plan.intent, module: place.module, reason: "\(failure)", since: now)
            distrusts[place.device, default: [:]][plan.intent] = distrust
            wakeAt = .never
            return [
                .distrust(distrust),
                .note(
                    Event(
                        at: now, severity: .alert, subject: "device/\(place.device)",
                        message: "module failed its security check",
                        facts: facts.merging(["reason": "\(failure)"]) { _, new in new })),
            ]
        }
    }

    /// By the device's own tap, over the present connection, under the table decided last.
    private mutating func confirmRevoked(_ fleet: FleetState, _ now: Timestamp) -> [CheckEffect] {
        var effects: [CheckEffect] = []
        for (id, intents) in distrusts.sorted(by: { $0.key < $1.key }) {
            for var distrust in intents.values.sorted(by: { $0.intent < $1.intent }) where distrust.revokedAt == nil {
                guard let snapshot = fleet.devices[id], case .connected(_, reported: true) = snapshot.link,
                    let report = snapshot.report, let table = snapshot.table, report.generation == table.generation,
                    !table.modules.contains(where: { $0.plan.intent == distrust.intent }),
                    report.modules.allSatisfy({ table.place($0.id) != nil })
                else { continue }
                distrust.revokedAt = now
                distrusts[id]?[distrust.intent] = distrust
                effects.append(.revoked(distrust))
                effects.append(
                    .note(
                        Event(
                            at: now, severity: .warning, subject: "device/\(id)",
                            message: "module revoked after its failed check, and confirmed by its tap",
                            facts: [
                                "module": "\(distrust.module)", "intent": "\(distrust.intent)",
                                "took": "\(now - distrust.since)",
                            ])))
            }
        }
        return effects
    }

    /// `sec_check_window` of a module.
    package func window(_ plan: ModulePlan) -> Span {
        min(plan.securityCheckWindow, policy.windowMax ?? plan.securityCheckWindow)
    }
}
