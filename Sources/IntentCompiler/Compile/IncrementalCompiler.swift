import L45Model

/// Compiles again what a change touches and keeps the rest: what comes out is, byte for byte, what `IntentCompiler.compile`
/// makes of the same input.
///
/// What one intent comes to depends on the devices that it selects, and for some intents on the whole fleet
/// (`IntentPart.depends`). What several come to together is looked at again only where a changed one takes part: a chain
/// when one of its intents changed, sockets that are shared when an intent did or moved between levels. Whenever that shows
/// a conflict, a crowded tap or a chain that can not be made, and after a change of much of the fleet, everything is
/// compiled anew.
package struct IncrementalCompiler: Sendable {
    private var past: Past?
    /// Intents whose devices were looked up in the last compilation.
    package private(set) var resolved = 0

    package init() {}

    package mutating func compile(_ input: CompilerInput) -> Compilation {
        // Taken out, so that it is changed in its place.
        var kept = past
        past = nil
        if let count = kept?.follow(input), let kept {
            resolved = count
            past = kept
            return kept.compilation
        }
        kept = nil
        let work = IntentCompiler.work(input)
        resolved = work.parts.count
        past = Past(work, input)
        return work.compilation
    }
}

/// A compilation that the next one may go on from.
private struct Past: Sendable {
    private let rootSecret: Secret
    private let keys: ModuleIdentity.Keys
    /// Sorted by id, each once.
    private var index: DeviceIndex
    /// Sorted by name, each once.
    private var parts: [IntentPart]
    private var chains: Chains
    private var posture: Posture?
    /// Of parts that are not refused: the ends that send.
    private var sides: [IntentName: [Deconfliction.Side]] = [:]
    /// Rules that each device's tap needs.
    private var rules: [DeviceID: Int] = [:]
    private var guarded: [DevicePaths]
    private var guardDiagnostics: [Diagnostic]
    private(set) var compilation: Compilation

    init?(_ work: IntentCompiler.Work, _ input: CompilerInput) {
        guard work.isPlain, work.index.numbers.count == work.index.devices.count, !work.index.devices.isEmpty,
            let chains = Chains(work.parts)
        else { return nil }
        self.chains = chains
        posture = work.posture
        rootSecret = input.rootSecret
        keys = ModuleIdentity.Keys(input.rootSecret)
        index = work.index
        parts = work.parts
        guarded = work.guarded
        guardDiagnostics = work.guardDiagnostics
        compilation = work.compilation
        for part in parts where !part.isRefused {
            sides[part.name] = Deconfliction.sides(part.flows, index.numbers)
            count(part, by: 1)
        }
    }

    /// - Returns: intents that were looked at; nil: it has to be compiled anew, and this is of no use any more.
    mutating func follow(_ input: CompilerInput) -> Int? {
        guard input.rootSecret == rootSecret, let moved = takeDevices(input.devices),
            var touched = takeEntries(input.entries, moved.changed)
        else { return nil }
        let looked = touched.new.count
        guard takeChains(&touched) else { return nil }
        let (regrouped, faults) = takePosture()
        for part in touched.old where !part.isRefused {
            sides[part.name] = nil
            count(part, by: -1)
        }
        if moved.renumbered {
            for part in parts where !part.isRefused {
                sides[part.name] = Deconfliction.sides(part.flows, index.numbers)
            }
        }
        for part in touched.new where !part.isRefused {
            if !moved.renumbered { sides[part.name] = Deconfliction.sides(part.flows, index.numbers) }
            count(part, by: 1)
        }
        let met = regrouped.union(touched.new.map(\.name))
        guard !isCrowded(touched.new),
            !Deconfliction.anyMeet(
                met.flatMap { sides[$0] ?? [] }, sides.values.flatMap { $0 }, posture: posture)
        else { return nil }
        guard guardAgain(touched, moved.changed) else { return nil }

        replaceModules(touched)
        let refused = faults.refused.union(parts.lazy.filter(\.isRefused).map(\.name))
        replaceSummaries(touched, faults.refused)
        let problems = parts.flatMap(\.problems) + faults.diagnostics + guardDiagnostics
        compilation.refused = refused
        compilation.paths = guarded
        compilation.diagnostics = problems.inReadingOrder()
        return looked
    }

    // MARK: What changed

    /// Both forms of what changed.
    private struct Touched {
        var old: [IntentPart] = []
        var new: [IntentPart] = []
    }

    /// - Returns: what changed of devices, as they were and as they are; nil: too much, or one stands there twice.
    private mutating func takeDevices(_ input: [Device]) -> (changed: [Device], renumbered: Bool)? {
        guard !input.isEmpty else { return nil }
        let most = 16 + index.devices.count / 16
        var changed: [Device] = []
        var replaced: [Device] = []
        var met = Array(repeating: false, count: index.devices.count)
        for device in input {
            if let at = index.numbers[device.id] {
                if met[at] { return nil }
                met[at] = true
                if index.devices[at] == device { continue }
                changed += [index.devices[at], device]
                replaced.append(device)
            } else {
                changed.append(device)
            }
            if changed.count > most { return nil }
        }
        let gone = met.indices.filter { !met[$0] }
        changed += gone.prefix(most + 1).map { index.devices[$0] }
        if changed.count > most { return nil }
        if gone.isEmpty, input.count == index.devices.count {
            for device in replaced { index.replace(device) }
            return (changed, false)
        }
        index = DeviceIndex(input.inOrder)
        return index.numbers.count == input.count ? (changed, true) : nil
    }

    /// Takes the entries up: those that changed, and those on which a device that changed may tell.
    /// - Returns: nil: a name stands there twice.
    private mutating func takeEntries(_ input: [CompilerInput.Entry], _ changed: [Device]) -> Touched? {
        let entries = input.inOrder
        var touched = Touched()
        var next: [IntentPart] = []
        next.reserveCapacity(entries.count)
        var old = 0
        for at in entries.indices {
            let name = entries[at].intent.name
            if at > 0, entries[at - 1].intent.name == name { return nil }
            while old < parts.count, parts[old].name < name {
                touched.old.append(parts[old])
                old += 1
            }
            if old < parts.count, parts[old].name == name {
                let part = parts[old]
                old += 1
                if part.entry == entries[at], !changed.contains(where: part.depends) {
                    next.append(part)
                    continue
                }
                touched.old.append(part)
            }
            let part = IntentPart(entries[at], index)
            touched.new.append(part)
            next.append(part)
        }
        touched.old += parts[old...]
        parts = next
        return touched
    }

    // MARK: What intents come to together

    /// Composes the chains anew of which an intent came, went or changed, whoever else is in them.
    /// - Returns: false: one of them can not be made.
    private mutating func takeChains(_ touched: inout Touched) -> Bool {
        guard let new = Chains(parts) else { return false }
        let old = chains
        chains = new
        let heads = new.heads(touchedBy: Set((touched.old + touched.new).map(\.name)), before: old)
        guard !heads.isEmpty else { return true }
        let places = parts.indices.filter { new.isMember(parts[$0].name, of: heads) }
        let members = places.map { parts[$0] }
        let composition = Composition.compose(
            members.flatMap(\.ownFlows), members.map(\.entry), refused: Set(members.filter(\.isUnfit).map(\.name)))
        guard composition?.diagnostics.isEmpty ?? true else { return false }
        let composed = composition?.parts(members) ?? members.map { $0.composed($0.ownFlows, isRefused: $0.isUnfit) }
        for (place, part) in zip(places, composed) { parts[place] = part }
        let fresh = Set(touched.new.map(\.name))
        touched.old += members.filter { !fresh.contains($0.name) }
        touched.new = touched.new.map { part in parts.first(named: part.name) ?? part }
        touched.new += composed.filter { !fresh.contains($0.name) }
        return true
    }

    /// - Returns: intents that other levels have in force than before, and what is wrong with the posture.
    private mutating func takePosture() -> (regrouped: Set<IntentName>, PostureCheck.Faults) {
        guard posture != nil || parts.contains(where: \.isPosture) else { return ([], PostureCheck.Faults()) }
        let (new, faults) = PostureCheck.resolve(parts.map(\.entry.intent))
        let old = posture
        posture = new
        guard new != old else { return ([], faults) }
        let (before, now) = (old?.places ?? [:], new?.places ?? [:])
        return (Set(before.keys).union(now.keys).filter { before[$0] != now[$0] }, faults)
    }

    private mutating func count(_ part: IntentPart, by sign: Int) {
        for flow in part.flows {
            for role in [ModulePlan.Role.client, .server] {
                let count = TapLimits.rules(flow, role) * sign
                for device in flow.devices(role) { rules[device.id, default: 0] += count }
            }
        }
    }

    private func isCrowded(_ touched: [IntentPart]) -> Bool {
        touched.contains { part in
            part.flows.contains { flow in
                (flow.clients + flow.servers).contains { (rules[$0.id] ?? 0) > TapLimits.rulesPerEditionMax }
            }
        }
    }

    /// - Returns: whether no guard is refused.
    private mutating func guardAgain(_ touched: Touched, _ changed: [Device]) -> Bool {
        let guarding = parts.filter { !$0.isRefused && !$0.entry.intent.guards.isEmpty }
        let isTouched = (touched.old + touched.new).contains { !$0.entry.intent.guards.isEmpty }
        // A path leads to devices of the whole fleet.
        guard isTouched || (!guarding.isEmpty && !changed.isEmpty) else { return true }
        let again = PathCompiler.compile(guarding.map(\.entry.intent), index.devices)
        guarded = again.paths
        guardDiagnostics = again.diagnostics
        return again.refused.isEmpty
    }

    // MARK: What comes out

    private mutating func replaceModules(_ touched: Touched) {
        let names = Set((touched.old + touched.new).map(\.name))
        guard !names.isEmpty else { return }
        var made: [DeviceID: [ModulePlan]] = [:]
        for part in touched.old where !part.isRefused {
            for device in part.flows.lazy.flatMap({ $0.clients + $0.servers }) { made[device.id] = [] }
        }
        for part in touched.new where !part.isRefused {
            part.addModules(keys) { made[$0, default: []].append($1) }
        }
        var plans: [DevicePlan] = []
        plans.reserveCapacity(compilation.plans.count + made.count)
        for plan in compilation.plans {
            guard let fresh = made.removeValue(forKey: plan.device) else {
                plans.append(plan)
                continue
            }
            // One that comes out as it was stays the same object: it is known for equal at once.
            let kept = plan.modules.filter { !names.contains($0.intent) }
            let modules = kept + fresh.map { module in plan.modules.first { $0 == module } ?? module }
            if !modules.isEmpty { plans.append(DevicePlan(device: plan.device, modules: modules)) }
        }
        // What is left are devices that had none.
        let first = made.filter { !$0.value.isEmpty }.map { DevicePlan(device: $0.key, modules: $0.value) }
        if !first.isEmpty { plans = (plans + first).sorted { $0.device < $1.device } }
        compilation.plans = plans
    }

    private mutating func replaceSummaries(_ touched: Touched, _ refused: Set<IntentName>) {
        // A posture may be refused for what others became.
        let again = Set(touched.new.map(\.name)).union(parts.lazy.filter(\.isPosture).map(\.name))
        guard !again.isEmpty || !touched.old.isEmpty else { return }
        let before = Dictionary(
            compilation.summaries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        compilation.summaries = parts.map { part in
            if !again.contains(part.name), let known = before[part.name] { return known }
            return IntentSummary(part.entry, part.flows, isRefused: part.isRefused || refused.contains(part.name))
        }
    }
}
