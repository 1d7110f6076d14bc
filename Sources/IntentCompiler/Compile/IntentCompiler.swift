import L45Model

/// Turns intents and a fleet into what each device is to run. Pure: no file, no clock, no socket.
package enum IntentCompiler {
    package static func compile(_ input: CompilerInput) -> Compilation { work(input).compilation }

    /// A compilation, and what the next one may go on from.
    struct Work {
        /// Sorted by id.
        var index: DeviceIndex
        /// By intent name, each name once.
        var parts: [IntentPart]
        var guarded: [DevicePaths]
        var guardDiagnostics: [Diagnostic]
        var posture: Posture?
        var postureFaults: PostureCheck.Faults
        /// Every refusal comes from one intent alone, from another of its chain, or from the posture; not from what several
        /// of them come to together.
        var isPlain: Bool
        var compilation: Compilation
    }

    static func work(_ input: CompilerInput) -> Work {
        let entries = input.entries.inOrder
        let devices = input.devices.inOrder
        let index = DeviceIndex(devices)
        var diagnostics: [Diagnostic] = []
        var refused: Set<IntentName> = []
        var parts: [IntentPart] = []
        for entry in entries {
            let name = entry.intent.name
            if let first = parts.last, first.name == name {
                diagnostics.append(
                    Diagnostic(
                        at: entry.intent.places.name, "two intents are named '\(name)'", hint: "rename one of them",
                        notes: [
                            Diagnostic.Note(place: first.entry.intent.places.name, message: "the first one is here")
                        ], rule: .name))
                refused.insert(name)
                continue
            }
            let part = IntentPart(entry, index)
            parts.append(part)
            diagnostics += part.problems
            if part.isRefused { refused.insert(name) }
        }
        var isPlain = parts.count == entries.count
        if let composition = Composition.compose(parts.flatMap(\.flows), entries, refused: refused) {
            diagnostics += composition.diagnostics
            refused.formUnion(composition.refused)
            parts = composition.parts(parts)
            isPlain = isPlain && composition.diagnostics.isEmpty
        }
        func flows() -> [FlowScope] { parts.lazy.filter { !refused.contains($0.name) }.flatMap(\.flows) }
        let (posture, faults) = PostureCheck.resolve(entries.map(\.intent))
        diagnostics += faults.diagnostics
        refused.formUnion(faults.refused)
        for conflict in Deconfliction.conflicts(flows(), devices, index.numbers, posture: posture) {
            diagnostics += [conflict.diagnostic].ruled(.conflict)
            refused.formUnion(conflict.intents)
            isPlain = false
        }
        let crowded = TapLimits.problems(flows(), devices)
        diagnostics += crowded.diagnostics.ruled(.conflict)
        refused.formUnion(crowded.intents)

        let guarded = PathCompiler.compile(entries.map(\.intent).filter { !refused.contains($0.name) }, devices)
        diagnostics += guarded.diagnostics
        refused.formUnion(guarded.refused)
        isPlain = isPlain && crowded.intents.isEmpty && guarded.refused.isEmpty

        var modules: [DeviceID: [ModulePlan]] = [:]
        let keys = ModuleIdentity.Keys(input.rootSecret)
        for part in parts where !refused.contains(part.name) {
            part.addModules(keys) { modules[$0, default: []].append($1) }
        }
        let summaries = entries.map { entry in
            let part = parts.first(named: entry.intent.name)
            return IntentSummary(entry, part?.flows ?? [], isRefused: refused.contains(entry.intent.name))
        }
        let compilation = Compilation(
            plans: modules.map { DevicePlan(device: $0.key, modules: $0.value) }.sorted { $0.device < $1.device },
            paths: guarded.paths, diagnostics: diagnostics.inReadingOrder(), refused: refused, summaries: summaries)
        return Work(
            index: index, parts: parts, guarded: guarded.paths, guardDiagnostics: guarded.diagnostics,
            posture: posture, postureFaults: faults, isPlain: isPlain, compilation: compilation)
    }
}
