import GitSource
import Inventory
import L45Model
import Logging
import Reconciler

// What operators say of git sources, and what they are shown.
extension NetworkOrchestrator {
    var gitFolder: String { "\(configuration.stateFolder)/git" }

    func sourceViews(_ query: SourceQuery) throws(APIFailure) -> [SourceView] {
        for name in query.names where sources.entries[name] == nil { throw unknown(source: name) }
        let names = query.names.isEmpty ? sources.entries.keys.sorted() : query.names
        return names.compactMap { name in
            guard let entry = sources.entries[name] else { return nil }
            var standing = entry.stored.standing
            standing.lookedAt = entry.lookedAt ?? standing.lookedAt
            let manager = entry.stored.spec.manager
            return SourceView(
                entry.stored.spec, standing, intents: sources.owned(by: name).keys.sorted(),
                drifted: sources.drifted(name, from: book), devices: declared.declared(by: manager).map(\.name),
                driftedDevices: driftedDevices(by: manager), health: health(of: name), now: now())
        }
    }

    func health(of name: String) -> SourceHealth {
        guard sources.entries[name]?.stored.standing.applied != nil else { return .unknown }
        return SourceHealth.of(Set(sources.owned(by: name).keys), fleet, book, misfits: misfits, paths)
    }

    /// With who keeps it, and whether it is as that says.
    func withManager(_ view: IntentView) -> IntentView {
        guard let owner = sources.owners[view.name] else { return view }
        var view = view
        view.manager = "git/\(owner.source)"
        view.keep(by: "git/\(owner.source)", isDrifted: sources.isDrifted(owner, book))
        if sources.isDrifted(owner, book) {
            view.conditions.append(
                Condition(
                    type: "Drifted", status: .yes, reason: "NotAsCommitted",
                    message: "not as git/\(owner.source) says", since: nil))
        }
        return view
    }

    func noteDrift(_ names: Set<IntentName>, _ time: Timestamp) {
        for name in names.sorted() {
            guard let owner = sources.owners[name], let spec = sources.entries[owner.source]?.stored.spec else {
                continue
            }
            note(
                Event(
                    at: time, severity: .warning, subject: "source/\(owner.source)", message: "intent drifted",
                    facts: [
                        "intent": "\(name)", "by": OperatorCall.current.caller.name, "policy": spec.drift.rawValue,
                    ]))
        }
    }

    /// Devices of which some label is not as the source says.
    func driftedDevices(by manager: String) -> [String] {
        Set(declared.drifts(by: manager, enrolled: fleet.devices.values.map(\.device)).map(\.device)).sorted()
    }

    /// Of labels that were set or taken off by hand.
    func noteLabelDrift(of id: DeviceID, _ keys: Set<String>, _ time: Timestamp) {
        guard let device = fleet.devices[id]?.device else { return }
        for declaration in declared.declarations(of: device) {
            guard let entry = sources.entries.values.first(where: { $0.stored.spec.manager == declaration.declarer })
            else { continue }
            for drift in DeclaredFleet.drifts(of: device, from: declaration) where keys.contains(drift.label) {
                note(
                    Event(
                        at: time, severity: .warning, subject: "source/\(entry.stored.spec.name)",
                        message: "label drifted",
                        facts: [
                            "device": drift.device, "label": drift.text, "by": OperatorCall.current.caller.name,
                            "policy": entry.stored.spec.drift.rawValue,
                        ]))
            }
        }
    }

    // MARK: Verbs

    func steerSource(_ request: SourceRequest) throws -> [SourceView] {
        let time = now()
        switch request.verb {
        case .add:
            guard let spec = request.spec, spec.name == request.name else {
                throw APIFailure(.badInput, "a source that is added is described")
            }
            try add(spec, time)
        case .remove: return try remove(request, time)
        case .suspend, .resume:
            var stored = try reachable(request.name)
            stored.standing.suspended = request.verb == .suspend
            try inventory.put(stored)
            sources.put(stored, due: time)
            tell(
                stored.spec.name, request.verb == .suspend ? "source suspended" : "source resumed",
                ["by": OperatorCall.current.caller.name])
        case .sync:
            let stored = try reachable(request.name)
            guard !stored.standing.suspended else {
                throw APIFailure(
                    .conflict, "source '\(request.name)' is suspended",
                    hint: "'l45 source resume \(request.name)' goes on")
            }
            sources.update(request.name) { $0.dueAt = time }
        }
        sourceBell.ring()
        return try sourceViews(SourceQuery(names: [request.name]))
    }

    private func add(_ spec: SourceSpec, _ time: Timestamp) throws {
        try spec.validate()
        let caller = OperatorCall.current.caller
        var standing = SourceStanding(addedAt: time, addedBy: caller.name, scope: caller.scope)
        if sources.entries[spec.name] != nil {
            let old = try reachable(spec.name)
            let goesOn = old.spec.url == spec.url && old.spec.reference == spec.reference
            standing = old.standing
            standing.addedBy = caller.name
            standing.scope = caller.scope
            standing.stall = nil
            // Another line of history: nothing has to go on from what the one before had.
            if !goesOn { standing.applied = nil }
        } else if sources.entries.count >= SourceBook.sourcesMax {
            throw APIFailure(.conflict, "\(SourceBook.sourcesMax) sources are followed, and no more can be")
        }
        for name in spec.after where sources.entries[name] == nil { throw unknown(source: name) }
        try refuseCircle(spec)
        let stored = StoredSource(spec: spec, standing: standing)
        try inventory.put(stored)
        sources.put(stored, due: time)
        tell(spec.name, "source added", ["url": spec.url, "reference": "\(spec.reference)", "by": caller.name])
    }

    private func refuseCircle(_ spec: SourceSpec) throws(APIFailure) {
        var reached: Set<String> = []
        var open = spec.after
        while let name = open.popLast() {
            guard name != spec.name else {
                throw APIFailure(.badInput, "source '\(spec.name)' would come after itself; nothing was changed")
            }
            if reached.insert(name).inserted { open += sources.entries[name]?.stored.spec.after ?? [] }
        }
    }

    private func remove(_ request: SourceRequest, _ time: Timestamp) throws -> [SourceView] {
        _ = try reachable(request.name)
        let last = try sourceViews(SourceQuery(names: [request.name]))
        let dependents = sources.entries.values.map(\.stored.spec).filter { $0.after.contains(request.name) }
        if let first = dependents.map(\.name).min() {
            throw APIFailure(
                .conflict, "source '\(first)' comes after '\(request.name)'", hint: "add '\(first)' without it first")
        }
        let leaving = try declared.change(
            DeclareRequest(devices: [], declarers: ["git/\(request.name)"]),
            enrolled: fleet.devices.values.map(\.device), labels: try inventory.operatorLabels(),
            takesBack: request.withdraw)
        if request.withdraw {
            let names = sources.owned(by: request.name).keys.filter { book.records[$0] != nil }.sorted()
            var next = book
            for name in names { next.remove(name) }
            try refuseRelease(next)
            _ = next.followDocument(from: book, applied: [], now: time)
            let planned = try relabelled(labelsInForce(after: leaving)) { try plan(next, mustFit: [], time) }
            try adopt(planned, removed: names, cause: "source removed", declaring: leaving, time)
        } else if !leaving.isNothing {
            try store(leaving)
        }
        try inventory.removeSource(request.name)
        sources.remove(request.name)
        GitCache.remove(request.name, in: gitFolder)
        resolve(.sourceStalled, AlertSubject(other: "source/\(request.name)"), why: "it is followed no more")
        tell(request.name, "source removed", ["by": OperatorCall.current.caller.name])
        if request.withdraw { passAtOnce() }
        return last
    }

    /// - Throws: `notFound`; `notPermitted` when it reaches devices outside the caller's scope.
    private func reachable(_ name: String) throws(APIFailure) -> StoredSource {
        guard let stored = sources.entries[name]?.stored else { throw unknown(source: name) }
        let caller = OperatorCall.current.caller
        guard caller.scope.isEverything || caller.scope == stored.standing.scope else {
            throw APIFailure(
                .notPermitted,
                "source '\(name)' is for \(stored.standing.scope), and the rights of '\(caller.name)' are for "
                    + "\(caller.scope)")
        }
        return stored
    }

    private func unknown(source name: String) -> APIFailure {
        let known = sources.entries.keys.sorted().joined(separator: ", ")
        return APIFailure(
            .notFound, "there is no source '\(name)'",
            hint: known.isEmpty ? "'l45 source add' follows one" : "there are: \(known)")
    }

    func tell(_ name: String, severity: Event.Severity = .info, _ message: String, _ facts: [String: String]) {
        note(Event(at: now(), severity: severity, subject: "source/\(name)", message: message, facts: facts))
    }

    // MARK: Webhooks

    /// A forge said that there was a push.
    /// - Returns: how many sources are looked at for it.
    func pushed(_ notice: PushNotice) -> Int {
        let time = now()
        let names = sources.entries.values.map(\.stored.spec).filter { notice.concerns($0) }.map(\.name)
        for name in names { sources.update(name) { $0.dueAt = time } }
        if !names.isEmpty { sourceBell.ring() }
        return names.count
    }
}
