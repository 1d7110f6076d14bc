package import IntentCompiler
package import L45Model

/// From intents and devices to plans, with editions raised where content changes.
package enum Planning {
    package struct Planned: Sendable {
        package var book: IntentBook
        package var plans: [DevicePlan]
        package var paths: [DevicePaths]
        /// Rendered; none of them stops the plan.
        package var warnings: [String]
        /// Intents that do not fit the fleet as it is, and why: their modules stay as they were planned before.
        package var misfits: [IntentName: String]
        /// Of the intents that were authored, and those that change with them; none is refuted.
        package var proofs: [PlanProof]
        /// What each intent comes to.
        package var summaries: [IntentSummary]
    }

    /// The fleet that is planned for.
    package struct Fleet: Sendable {
        package var devices: [Device]
        package var rootSecret: Secret
        /// Plans in force.
        package var plans: [DevicePlan]
        /// Every module that a plan or a table of this device holds.
        package var known: @Sendable (DeviceID) -> [ModuleID: ModulePlan]
        /// How long old decoders stay: no rotation is over sooner.
        package var drainBound: Span
        /// Paths in force.
        package var paths: [DevicePaths]

        package init(
            devices: [Device], rootSecret: Secret, plans: [DevicePlan],
            known: @escaping @Sendable (DeviceID) -> [ModuleID: ModulePlan],
            drainBound: Span = .zero, paths: [DevicePaths] = []
        ) {
            self.drainBound = drainBound
            self.paths = paths
            self.devices = devices
            self.rootSecret = rootSecret
            self.plans = plans
            self.known = known
        }
    }

    /// Compiles `book` for `fleet`.
    ///
    /// A module's id says intent, edition, flow, role and device, not content. Where a compilation would give an id that the
    /// fleet knows other content, the edition of that intent is raised, so that the change travels as a rotation.
    /// - Parameter mustFit: intents that are refused when they do not fit. Any other one that no longer fits, as when its last
    ///   resolver was forgotten, keeps the modules that it has: an accident must not withdraw a dialect.
    /// - Parameter authored: intents that somebody just wrote: their schedules and waves are held against the fleet.
    /// - Parameter compiler: what it compiled last is gone on from.
    /// - Throws: `badInput` with the compiler's findings; then nothing has changed.
    package static func plan(
        _ book: IntentBook, for fleet: Fleet, mustFit: Set<IntentName>, authored: Set<IntentName> = [],
        mtuBytes: Int = 1500, now: Timestamp, compiler: inout IncrementalCompiler
    ) throws(APIFailure) -> Planned {
        var book = book
        // A posture that names what is not there is refused, whoever took it away.
        let mustFit = mustFit.union(book.postureIntent.map { [$0.name] } ?? [])
        var compiled = try compile(book, fleet, mustFit, &compiler)
        try checkRollouts(book, compiled, fleet, authored)
        let changed = changed(compiled.plans, fleet)
        if !changed.isEmpty {
            for intent in changed { book.advance(intent, now: now) }
            compiled = try compile(book, fleet, mustFit, &compiler)
        }
        let proofs = try prove(book, compiled, fleet, authored.isEmpty ? [] : authored.union(changed), mtuBytes)
        let faults = compiled.diagnostics.filter { $0.severity == .error }
        var misfits: [IntentName: String] = [:]
        for intent in compiled.refused {
            let origin = book.records[intent]?.origin
            misfits[intent] =
                (faults.first { $0.origin == origin } ?? faults.first)?.message ?? "it does not fit the fleet"
        }
        // An accident must not withdraw a dialect. A failed check is none: where it leaves an intent without an end, the modules go.
        let kept = misfits.filter { book.excluded(from: $0.key).isEmpty }
        return Planned(
            book: book, plans: keeping(kept, of: fleet.plans, in: compiled.plans),
            paths: keeping(kept, of: fleet.paths, in: compiled.paths),
            warnings: compiled.diagnostics.map { $0.rendered() }, misfits: misfits, proofs: proofs,
            summaries: compiled.summaries)
    }

    /// - Throws: `badInput` when something is refuted: what cannot be proved is not shipped.
    private static func prove(
        _ book: IntentBook, _ compiled: Compilation, _ fleet: Fleet, _ touched: Set<IntentName>, _ mtuBytes: Int
    ) throws(APIFailure) -> [PlanProof] {
        guard !touched.isEmpty else { return [] }
        let posture = book.posture
        let compared = PlanProofs.compared(touched, posture)
        var editions: [FlowName: [Epoch: Dialect]] = [:]
        for plan in compiled.plans where plan.modules.contains(where: { compared.contains($0.intent) }) {
            for module in fleet.known(plan.device).values {
                editions[module.flow, default: [:]][module.epoch] = module.dialect
            }
        }
        let proofs = PlanProofs.prove(
            compiled,
            of: CompilerInput(entries: book.entries, devices: fleet.devices, rootSecret: fleet.rootSecret),
            touched: touched, posture: posture, editions: editions, mtuBytes: mtuBytes)
        let refuted = proofs.filter { $0.verdict == .refuted }
        guard refuted.isEmpty else {
            throw APIFailure(
                .badInput, "the plan cannot be proved; nothing was changed",
                diagnostics: refuted.map { $0.diagnostic ?? "\($0.subject): \($0.evidence)" })
        }
        return proofs
    }

    private static func checkRollouts(
        _ book: IntentBook, _ compiled: Compilation, _ fleet: Fleet, _ authored: Set<IntentName>
    ) throws(APIFailure) {
        var problems: [Diagnostic] = []
        for summary in compiled.summaries where authored.contains(summary.name) {
            guard let intent = book.intent(summary.name) else { continue }
            problems += RolloutCheck.problems(
                intent, flows: summary.flows, devices: fleet.devices, drainBound: fleet.drainBound)
        }
        guard problems.isEmpty else {
            throw APIFailure(
                .badInput, "the intents cannot be rolled out as they say; nothing was changed",
                diagnostics: problems.inReadingOrder().map { $0.rendered() })
        }
    }

    /// Intents of which some module has other content than the fleet knows of its id.
    private static func changed(_ plans: [DevicePlan], _ fleet: Fleet) -> Set<IntentName> {
        let inForce = Dictionary(fleet.plans.map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
        var changed: Set<IntentName> = []
        // A plan that is in force has nothing new to anybody.
        for plan in plans where inForce[plan.device] != plan {
            let known = fleet.known(plan.device)
            for module in plan.modules where known[module.id].map({ $0 != module }) ?? false {
                changed.insert(module.intent)
            }
        }
        return changed
    }

    private static func compile(
        _ book: IntentBook, _ fleet: Fleet, _ mustFit: Set<IntentName>, _ compiler: inout IncrementalCompiler
    ) throws(APIFailure) -> Compilation {
        let compilation = compiler.compile(
            CompilerInput(entries: book.entries, devices: fleet.devices, rootSecret: fleet.rootSecret))
        guard compilation.refused.isDisjoint(with: mustFit) else {
            throw APIFailure(
                .badInput, "the intents do not fit the fleet; nothing was changed",
                diagnostics: compilation.diagnostics.filter { $0.severity == .error }.map { $0.rendered() })
        }
        return compilation
    }

    private static func keeping(
        _ misfits: [IntentName: String], of old: [DevicePlan], in new: [DevicePlan]
    ) -> [DevicePlan] {
        guard !misfits.isEmpty else { return new }
        var modules = Dictionary(new.map { ($0.device, $0.modules) }, uniquingKeysWith: +)
        for plan in old {
            let kept = plan.modules.filter { misfits[$0.intent] != nil }
            if !kept.isEmpty { modules[plan.device, default: []] += kept }
        }
        return modules.keys.sorted().map { DevicePlan(device: $0, modules: modules[$0] ?? []) }
    }

    /// A device goes on answering for paths that are kept.
    private static func keeping(
        _ misfits: [IntentName: String], of old: [DevicePaths], in new: [DevicePaths]
    ) -> [DevicePaths] {
        guard !misfits.isEmpty else { return new }
        var paths = Dictionary(new.map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
        let kept = old.flatMap { device in
            device.paths.filter { misfits[$0.intent] != nil }.map { (device: device.device, plan: $0) }
        }
        for (device, plan) in kept {
            let known = paths[device] ?? DevicePaths(device: device, paths: [])
            paths[device] = DevicePaths(device: device, paths: known.paths + [plan], answers: known.answers)
        }
        let answering = Set(kept.flatMap { path in path.plan.far })
        for each in old where answering.contains(each.device) {
            let known = paths[each.device] ?? DevicePaths(device: each.device, paths: [])
            let missing = each.answers.filter { answer in !known.answers.contains { $0.port == answer.port } }
            paths[each.device] = DevicePaths(
                device: each.device, paths: known.paths, answers: known.answers + missing)
        }
        return paths.values.sorted { $0.device < $1.device }
    }
}
