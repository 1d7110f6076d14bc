package import L45Model

/// Runs the machines of all paths of a device and carries out what they decide, one step at a time; and holds the gates
/// that other devices have asked for.
package actor PathGuard {
    /// What there is to say of one path.
    package struct Standing: Hashable, Sendable {
        package let path: GuardedPath
        package let phase: PathMachine.Phase
        package let held: GateWish
        package let sight: PathSight
        package let nextAt: Timestamp
        /// When the present rest, or the one before what is under way, began.
        package let since: Timestamp
        /// When `held` last changed.
        package let heldSince: Timestamp
        /// Bits a second, as measured last.
        package let rate: Double?
        package let reason: String
    }

    /// Gates for others last this long without being renewed: a host whose agent died does not keep them for ever.
    package static let acceptedFor = Span.seconds(900)
    static let acceptedRenewal = Span.seconds(300)
    /// Looks under way at a time: a path that does not answer holds up no other.
    package static let looksAtOnce = 32

    private var watched: [WatchedPath]
    private let prober: any PathProber
    private let meter: any PathMeter
    private let far: any FarGates
    private let keeper: GateKeeper
    private let now: @Sendable () -> Timestamp
    private nonisolated let executor = GateExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    /// What is in force here, by path.
    private var here: [String: [HeldGate]] = [:]
    private var asking: [String: AddressBlock] = [:]
    private var accepted: [AcceptedGates] = []
    private var renewAcceptedAt: Timestamp?
    /// What a run before this one left behind is gone, or taken over.
    private var isClean = false
    /// One pass, update or stop at a time: all wait for others in between.
    private var isBusy = false
    private var isStopping = false
    private var isInterrupted = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameter holding: what a run before this one had in force, by path: it stays so until a look says otherwise.
    package init(
        _ paths: [GuardedPath], holding: [String: GateWish] = [:], prober: any PathProber, meter: any PathMeter,
        far: any FarGates, keeper: GateKeeper = GateKeeper(), now: @escaping @Sendable () -> Timestamp = { .now() }
    ) {
        let time = now()
        watched = paths.map { WatchedPath($0, holding: holding[$0.name] ?? .none, now: time) }
        self.prober = prober
        self.meter = meter
        self.far = far
        self.keeper = keeper
        self.now = now
        for each in watched {
            here[each.path.name] = Self.held(each.machine.held, each.path, time)
            if each.machine.held.asksECN { asking[each.path.name] = each.path.destination }
        }
    }

    package var standings: [Standing] { watched.map(\.standing) }

    /// When ``pass()`` has something to do again; nil: never, as it stands.
    package var wakeAt: Timestamp? { (watched.map(\.machine.wakeAt) + [renewAcceptedAt].compactMap { $0 }).min() }

    /// Does what is due, for each path until it rests again; ends early when it is stopped or interrupted meanwhile.
    /// - Returns: what happened, for the trail.
    /// - Throws: when what a run before this one left behind can not be removed.
    package func pass() async throws(GateError) -> [Event] {
        await begin()
        defer { end() }
        isInterrupted = false
        if !isClean || renewAcceptedAt.map({ now() >= $0 }) ?? false, !isStopping {
            try enforce(here, asking, accepted, mustRoute: !isClean)
        }
        return await lookAround()
    }

    /// The looks that are due, many at once; what follows from them, path by path: gates are one table, and a measurement
    /// is of one path.
    private func lookAround() async -> [Event] {
        var due = watched.indices.filter { watched[$0].machine.wakeAt <= now() }[...]
        let prober = prober
        return await withTaskGroup(of: (index: Int, seen: PathMachine.Input).self) { group in
            var events: [Event] = []
            var underWay = 0
            while true {
                // A process that ends leaves things as they are: the next one takes them over.
                while underWay < Self.looksAtOnce, !isStopping, !isInterrupted, !Task.isCancelled,
                    let index = due.popFirst()
                {
                    let outputs = watched[index].handle(.tick, now: now())
                    guard outputs == [.probe] else {
                        events += await carryOut(outputs, index)
                        continue
                    }
                    let path = watched[index].path
                    underWay += 1
                    group.addTask { (index, await Self.look(at: path, prober)) }
                }
                guard let look = await group.next() else { return events }
                underWay -= 1
                events += await carryOut(watched[look.index].handle(look.seen, now: now()), look.index)
            }
        }
    }

    /// These steps and what follows from them, until the path rests.
    private func carryOut(_ steps: [PathMachine.Output], _ index: Int) async -> [Event] {
        var events: [Event] = []
        var outputs = steps
        // No life of a path takes as many steps from rest to rest; a bound all the same.
        var stepsLeft = 64
        while !outputs.isEmpty, stepsLeft > 0, !isStopping, !Task.isCancelled {
            stepsLeft -= 1
            let output = outputs.removeFirst()
            if case .note(let severity, let message, let facts) = output {
                events.append(event(watched[index].path, severity, message, facts))
            } else if let input = await perform(output, index) {
                outputs += watched[index].handle(input, now: now())
            }
        }
        return events
    }

    private static func look(at path: GuardedPath, _ prober: any PathProber) async -> PathMachine.Input {
        do { return .probed(try await prober.look(at: path)) } catch { return .probeFailed("\(error)") }
    }

    /// A pass under way ends with the looks that it has begun: something is to be changed.
    package func interrupt() { isInterrupted = true }

    /// These paths from now on, and these gates for others. Those that stay keep what they have; what is no longer named is
    /// removed here. Far ends of paths that are gone are the caller's to tell.
    /// - Returns: what happened, for the trail.
    /// - Throws: when the firewall or the routes could not be changed; then all is as before, and may be tried again.
    package func update(
        _ paths: [GuardedPath], accepting: [AcceptedGates] = []
    ) async throws(GateError) -> [Event] {
        await begin()
        defer { end() }
        guard !isStopping else { return [] }
        let time = now()
        let known = Dictionary(watched.map { ($0.path.name, $0) }, uniquingKeysWith: { first, _ in first })
        let next = paths.map { path in
            guard let old = known[path.name], old.path.destination == path.destination else {
                return WatchedPath(path, now: time)
            }
            return old.path == path ? old : WatchedPath(path, instead: old, now: time)
        }
        let names = Set(next.map(\.path.name))
        let nextHere = here.filter { names.contains($0.key) }
        let nextAsking = asking.filter { names.contains($0.key) }
        if !isClean || nextHere != here || nextAsking != asking || accepting != accepted {
            try enforce(nextHere, nextAsking, accepting, mustRoute: !isClean)
        }
        let removed = watched.filter { !names.contains($0.path.name) }
        watched = next
        return removed.map { gone in
            let gates = gone.machine.held.subjects.map(\.rawValue).joined(separator: ", ")
            return event(
                gone.path, .info, "path no longer guarded", gates.isEmpty ? [:] : ["gatesRemoved": gates])
        }
    }

    /// Every gate is removed, here and at the far ends; no path is guarded any more.
    ///
    /// - Returns: far ends that could not be told, and why; their gates end by themselves.
    /// - Throws: when what is here could not be removed.
    package func stop() async throws(GateError) -> [String: String] {
        isStopping = true
        await begin()
        defer { end() }
        let left = watched
        watched = []
        here = [:]
        asking = [:]
        accepted = []
        renewAcceptedAt = nil
        try keeper.removeAll()
        var untold: [String: String] = [:]
        for each in left where !each.there.isEmpty {
            do { try await far.set([], for: each.path) } catch { untold[each.path.name] = "\(error)" }
        }
        return untold
    }

    private func begin() async {
        while isBusy { await withCheckedContinuation { waiting.append($0) } }
        isBusy = true
    }

    private func end() {
        isBusy = false
        let woken = waiting
        waiting = []
        for each in woken { each.resume() }
    }

    private func event(
        _ path: GuardedPath, _ severity: Event.Severity, _ message: String, _ facts: [String: String]
    ) -> Event {
        Event(
            at: now(), severity: severity, subject: "path/\(path.name)", message: message,
            facts: facts.merging(["destination": "\(path.destination)"]) { old, _ in old })
    }

    private func perform(_ output: PathMachine.Output, _ index: Int) async -> PathMachine.Input? {
        let path = watched[index].path
        switch output {
        case .note: return nil
        case .probe: return await Self.look(at: path, prober)
        case .measure:
            let rate = await meter.rate(of: path)
            watched[index].rate = rate ?? watched[index].rate
            return .measured(rate)
        case .apply(let wish):
            do {
                // The far end first: a gate there is harmless without the one here.
                if watched[index].there != wish.there || !wish.there.isEmpty {
                    // Noted before: it may have them even where it did not answer.
                    let known = watched[index].there
                    watched[index].there = wish.there.isEmpty ? known : wish.there
                    try await far.set(wish.there, for: path)
                    watched[index].there = wish.there
                }
                try put(wish, for: path)
                return .applied
            } catch {
                return .applyFailed("\(error)")
            }
        }
    }

    private func put(_ wish: GateWish, for path: GuardedPath) throws(GateError) {
        var next = here
        next[path.name] = Self.held(wish, path, now())
        var routes = asking
        routes[path.name] = wish.asksECN ? path.destination : nil
        guard !isClean || next != here || routes != asking || !wish.here.isEmpty else { return }
        let isNewFastOpen =
            wish.here.contains { $0.subject == .tfo }
            && !(here[path.name]?.contains { $0.gate.subject == .tfo } ?? false)
        try enforce(
            next, routes, accepted, forgetting: isNewFastOpen ? [path.destination] : [], mustRoute: !isClean)
    }

    private static func held(_ wish: GateWish, _ path: GuardedPath, _ time: Timestamp) -> [HeldGate]? {
        // A host whose agent died does not keep its gates for ever; one that is alive renews them at each look.
        let until =
            time + .milliseconds(path.policy.retestEvery.milliseconds * 3 + PathMachine.stepMax.milliseconds * 4)
        return wish.here.isEmpty ? nil : wish.here.map { HeldGate($0, for: path.destination, until: until) }
    }

    /// An opener's gates, for the addresses that it comes from and that it opens to, and no others of either.
    private static func held(_ asked: AcceptedGates, own: Set<AddressBlock>, until: Timestamp) -> [HeldGate] {
        let sources = asked.sources.filter { $0.isIPv4 == asked.destination?.isIPv4 ?? $0.isIPv4 }
        let local = asked.destination.flatMap { own.contains($0) ? $0 : nil }
        return sources.flatMap { source in asked.gates.map { HeldGate($0, for: source, at: local, until: until) } }
    }

    /// All that is to be in force, at once: nothing is remembered of it unless it is.
    private func enforce(
        _ here: [String: [HeldGate]], _ asking: [String: AddressBlock], _ accepted: [AcceptedGates],
        forgetting opened: [AddressBlock] = [], mustRoute: Bool
    ) throws(GateError) {
        let time = now()
        let until = time + Self.acceptedFor
        let own = keeper.own(Set(accepted.compactMap(\.destination)))
        let forOthers = accepted.flatMap { Self.held($0, own: own, until: until) }
        let gates = here.values.flatMap { $0 } + forOthers
        do {
            try keeper.apply(gates, now: time, forgetting: opened)
            if mustRoute || asking != self.asking {
                _ = try keeper.askECN(Set(asking.values).sorted { "\($0)" < "\($1)" })
            }
        } catch {
            guard gates.isEmpty, asking.isEmpty, error.isIncapable else {
                // Half of it may be in force: the next change puts all of it right.
                isClean = false
                throw error
            }
            // Who can not change the firewall can have left nothing in it that does not end by itself.
        }
        self.here = here
        self.asking = asking
        self.accepted = accepted
        renewAcceptedAt = accepted.isEmpty ? nil : time + Self.acceptedRenewal
        isClean = true
    }
}
