import L45Model

/// Composes intents that say `after:` into the intents that they come after.
///
/// A socket has one module (seed 2.3.2), and a chain of customizations is formed by the orchestrator as one module (seed
/// 5.3.1), so that both ends undo it in one step and none can do it in another order. What comes after is a monitor's
/// delay, which adds to the flow's own, and its label, which is put behind the flow's own with a `/` between. It must
/// cover every end that it changes: one module's content is the same on all devices.
struct Composition {
    struct Outcome {
        var flows: [FlowScope]
        var diagnostics: [Diagnostic] = []
        var refused: Set<IntentName> = []

        /// The parts that went in, with what composition left them.
        func parts(_ parts: [IntentPart]) -> [IntentPart] {
            let composed = Dictionary(grouping: flows) { $0.intent.name }
            return parts.map {
                $0.composed(composed[$0.name] ?? [], isRefused: $0.isUnfit || refused.contains($0.name))
            }
        }
    }

    private let intents: [IntentName: Intent]
    private let alreadyRefused: Set<IntentName>
    private var flows: [FlowName: FlowScope]
    private var absorbed: Set<FlowName> = []
    private var outcome = Outcome(flows: [])
    /// Who added a label behind which intent: the order of two is not known.
    private var labelled: [IntentName: Diagnostic.Note] = [:]

    /// - Parameter refused: intents that were refused already. What is in a chain with one of them is refused as well, and
    ///   so keeps what it has: half of a chain is another dialect.
    /// - Returns: nil when no intent comes after another.
    static func compose(
        _ flows: [FlowScope], _ entries: [CompilerInput.Entry], refused: Set<IntentName>
    ) -> Outcome? {
        let intents = entries.lazy.map(\.intent).filter { $0.after != nil }
        guard !intents.isEmpty else { return nil }
        var composition = Composition(flows, entries, refused)
        for intent in composition.inOrder(Array(intents)) { composition.add(intent) }
        composition.outcome.flows = flows.compactMap { flow in
            composition.absorbed.contains(flow.name) ? nil : composition.flows[flow.name]
        }
        return composition.outcome
    }

    private init(_ flows: [FlowScope], _ entries: [CompilerInput.Entry], _ refused: Set<IntentName>) {
        intents = Dictionary(entries.map { ($0.intent.name, $0.intent) }, uniquingKeysWith: { first, _ in first })
        self.flows = Dictionary(flows.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        alreadyRefused = refused
    }

    // MARK: the chain

    /// From an intent to the one at the head of its chain, itself first; nil: the chain has no head.
    private func chain(_ intent: Intent) -> [Intent]? {
        var chain = [intent]
        while let after = chain.last?.after {
            guard let next = intents[after], !chain.contains(where: { $0.name == after }) else { return nil }
            chain.append(next)
        }
        return chain
    }

    /// Each behind the one that it comes after.
    private func inOrder(_ stages: [Intent]) -> [Intent] {
        stages.sorted { a, b in
            let (first, second) = (chain(a)?.count ?? 0, chain(b)?.count ?? 0)
            return first == second ? a.name < b.name : first < second
        }
    }

    private mutating func add(_ intent: Intent) {
        let place = intent.places.after ?? intent.places.name
        guard let chain = chain(intent), let head = chain.last else { return refuse(broken(intent, place), [intent]) }
        guard alreadyRefused.union(outcome.refused).isDisjoint(with: chain.map(\.name)) else {
            return outcome.refused.formUnion(chain.map(\.name))
        }
        let stages = flows.values.filter { $0.intent.name == intent.name }.sorted { $0.name < $1.name }
        guard stages.contains(where: { $0.tag.delay > .zero || !$0.tag.addedLabel.isEmpty }) else {
            let problem = Diagnostic(
                at: place, "intent '\(intent.name)' comes after '\(head.name)' and adds nothing to it",
                hint: "add 'delay 100ms' or 'label TEXT', or leave 'after' out")
            return refuse(problem, chain)
        }
        if !labelsAreInOrder(intent, stages, place, chain) { return }
        let heads = flows.values.filter { $0.intent.name == head.name && !$0.tag.isMonitor }
            .sorted { $0.name < $1.name }
        var met = false
        for stage in stages {
            for flow in heads where Self.meet(stage, flow) {
                met = true
                if let problem = problem(stage, flow) { return refuse(problem, chain) }
                compose(stage, into: flow.name)
            }
        }
        guard !met else { return }
        let subjects = heads.map { "\($0.name) (\($0.tag.subject))" }
        let problem = Diagnostic(
            at: place,
            "intent '\(intent.name)' comes after '\(head.name)' and shares no socket with a tag of it",
            hint: subjects.isEmpty
                ? "'\(head.name)' tags nothing that could be added to"
                : "watch the same program, port and devices as \(enumeration(subjects))",
            notes: [Diagnostic.Note(place: head.places.name, message: "'\(head.name)' is here")])
        refuse(problem, chain)
    }

    private mutating func refuse(_ problem: Diagnostic, _ chain: [Intent]) {
        outcome.diagnostics.append(problem)
        outcome.refused.formUnion(chain.map(\.name))
    }

    private func broken(_ intent: Intent, _ place: SourcePlace) -> Diagnostic {
        var seen = [intent]
        while let after = seen.last?.after, let next = intents[after], !seen.contains(where: { $0.name == next.name }) {
            seen.append(next)
        }
        guard let last = seen.last, let missing = last.after, intents[missing] == nil else {
            let circle = (seen.map(\.name) + [intent.name]).map(\.rawValue).joined(separator: " after ")
            return Diagnostic(
                at: place, "these intents come after one another in a circle: \(circle)",
                hint: "one of them has to be the first: the one that tags")
        }
        let others = intents.values.filter { !$0.tags.allSatisfy(\.isMonitor) }.map(\.name.rawValue).sorted()
        return Diagnostic(
            at: last.places.after ?? place, "'after' names intent '\(missing)', and there is none",
            hint: Suggestion.hint(
                for: missing.rawValue, among: others,
                otherwise: others.isEmpty
                    ? "apply the intent that tags first, or both together" : "intents that tag: \(enumeration(others))")
        )
    }

    /// Two labels behind the same one would stand in an order that nobody gave.
    private mutating func labelsAreInOrder(
        _ intent: Intent, _ stages: [FlowScope], _ place: SourcePlace, _ chain: [Intent]
    ) -> Bool {
        guard let after = intent.after, stages.contains(where: { !$0.tag.addedLabel.isEmpty }) else { return true }
        if let other = labelled[after] {
            let problem = Diagnostic(
                at: place, "two intents add a label behind '\(after)', and neither says which comes first",
                hint: "let one of them come after the other", notes: [other])
            refuse(problem, chain)
            return false
        }
        labelled[after] = Diagnostic.Note(place: place, message: "'\(intent.name)' adds one here")
        return true
    }

    // MARK: two flows

    private static func meet(_ stage: FlowScope, _ flow: FlowScope) -> Bool {
        stage.tag.transport == flow.tag.transport
            && (stage.tag.port == nil || flow.tag.port == nil || stage.tag.port == flow.tag.port)
            && Overlap.overlap(stage.tag.application, flow.tag.application)
            && Overlap.overlap(stage.tag.server.application, flow.tag.server.application)
            && ends.contains { !ids(stage, $0).isDisjoint(with: ids(flow, $0)) }
    }

    private static let ends = [ModulePlan.Role.client, .server]
    private static func ids(_ flow: FlowScope, _ role: ModulePlan.Role) -> Set<DeviceID> {
        Set(flow.devices(role).map(\.id))
    }

    /// Ends of the flow at which the stage holds something back.
    private static func delayed(_ stage: FlowScope, _ flow: FlowScope) -> [ModulePlan.Role] {
        stage.tag.delay > .zero ? ends.filter { stage.sends($0) && flow.sends($0) } : []
    }

    /// Why the stage can not be composed into the flow; nil: it can.
    private func problem(_ stage: FlowScope, _ flow: FlowScope) -> Diagnostic? {
        func refusal(_ reason: String, _ hint: String) -> Diagnostic {
            Diagnostic(
                at: stage.place,
                "flow \(stage.name) (\(stage.tag.subject)) can not be composed into flow \(flow.name)"
                    + " (\(flow.tag.subject)): \(reason)",
                hint: hint, notes: [Diagnostic.Note(place: flow.place, message: "flow \(flow.name) is here")])
        }
        let tag = stage.tag
        if tag.attach != .all || tag.priorityIsGiven || tag.test || tag.artifact != nil
            || tag.stateWindow != TagIntent.Defaults.stateWindow
            || tag.securityWindow != TagIntent.Defaults.securityWindow
        {
            return refusal(
                "a module has one attach mode, priority, test, artifact and pair of windows, those of '\(flow.intent.name)'",
                "leave them out here")
        }
        let touched = tag.addedLabel.isEmpty ? Self.delayed(stage, flow) : Self.ends
        guard !touched.isEmpty else {
            return refusal(
                "they customize opposite directions", "say 'requests', 'responses' or neither, as in \(flow.name)")
        }
        if let uncovered = uncovered(stage, flow, touched) {
            return refusal(uncovered, "cover all of it: one module's content is the same on all of its devices")
        }
        let delays = touched.map { Span.milliseconds(flow.delay($0).milliseconds + tag.delay.milliseconds) }
        if let longest = delays.max(), tag.delay > .zero, longest > TagDraft.delayRange.upperBound {
            return refusal(
                "the delays of the chain add up to \(longest), more than \(TagDraft.delayRange.upperBound)",
                "shorten one of them")
        }
        let label = Self.label(flow.tag.dialect, adding: tag.addedLabel)
        let room = flow.tag.dialect.tagBytes - DialectBounds.tagBytesMin
        if label.utf8.count > room {
            let needed = DialectBounds.tagBytesMin + label.utf8.count
            return refusal(
                "the labels of the chain, '\(label)', need \(label.utf8.count) bytes, its tag of "
                    + "\(flow.tag.dialect.tagBytes) leaves \(room)",
                needed <= DialectBounds.tagBytesMax
                    ? "shorten one, or give '\(flow.intent.name)' a tag 'with \(needed) bytes'" : "shorten one")
        }
        return nil
    }

    private func uncovered(_ stage: FlowScope, _ flow: FlowScope, _ touched: [ModulePlan.Role]) -> String? {
        if stage.tag.port != nil, stage.tag.port != flow.tag.port { return "that one is for any port" }
        if !Overlap.covers(stage.tag.application, flow.tag.application)
            || !Overlap.covers(stage.tag.server.application, flow.tag.server.application)
        {
            return "it leaves out some of its programs"
        }
        for role in touched {
            let mine = Self.ids(stage, role)
            let left = flow.devices(role).filter { !mine.contains($0.id) }
            if !left.isEmpty { return "it leaves out \(enumeration(left.map(\.title))) as \(role.rawValue)" }
            // A server that answers in kind has no remotes of its own: its clients are those of the flow.
            let peers = stage.remoteBlocks(role)
            if !peers.isEmpty, !Overlap.covers(peers, flow.remoteBlocks(role)) {
                return "it leaves out some of its peers as \(role.rawValue)"
            }
        }
        return nil
    }

    private static func label(_ dialect: Dialect, adding added: String) -> String {
        let own =
            switch dialect {
            case .monitor: ""
            case .datagram(let tag): tag.label
            case .stream(let tag): tag.label
            }
        return own.isEmpty || added.isEmpty ? own + added : "\(own)/\(added)"
    }

    private mutating func compose(_ stage: FlowScope, into name: FlowName) {
        guard let flow = flows[name] else { return }
        var addedDelay = flow.addedDelay
        for role in Self.delayed(stage, flow) {
            addedDelay[role] = .milliseconds((addedDelay[role]?.milliseconds ?? 0) + stage.tag.delay.milliseconds)
        }
        var tag = flow.tag
        let label = Self.label(tag.dialect, adding: stage.tag.addedLabel)
        switch tag.dialect {
        case .monitor: break
        case .datagram(var datagram):
            datagram.label = label
            tag.dialect = .datagram(datagram)
        case .stream(var stream):
            stream.label = label
            tag.dialect = .stream(stream)
        }
        let composed = flow.adding(stage: stage.name, tag: tag, addedDelay: addedDelay)
        flows[name] = composed
        if Self.hasNothingElse(stage, composed) { absorbed.insert(stage.name) }
    }

    /// Every socket of the stage is the flow's as well: no module of its own is left to do anything.
    private static func hasNothingElse(_ stage: FlowScope, _ flow: FlowScope) -> Bool {
        (flow.tag.port == nil || flow.tag.port == stage.tag.port)
            && Overlap.covers(flow.tag.application, stage.tag.application)
            && Overlap.covers(flow.tag.server.application, stage.tag.server.application)
            && ends.allSatisfy { role in
                ids(stage, role).isSubset(of: ids(flow, role))
                    && (stage.devices(role).isEmpty
                        || Overlap.covers(flow.remoteBlocks(role), stage.remoteBlocks(role)))
            }
    }
}
