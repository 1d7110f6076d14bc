package import L45Model

/// One path under guard.
package struct GuardedPath: Hashable, Sendable {
    /// Unique on this device: `INTENT/N`.
    package var name: String
    /// Whom the gates are for.
    package var destination: AddressBlock
    package var policy: PathPolicy
    /// The far device can be told to gate.
    package var farAgent: Bool

    package init(name: String, destination: AddressBlock, policy: PathPolicy, farAgent: Bool) {
        self.name = name
        self.destination = destination
        self.policy = policy
        self.farAgent = farAgent
    }
}

/// Looks at a path: an interrogation over real sockets, or a script in tests.
package protocol PathProber: Sendable {
    /// Must not be hidden from the path by our own gates: send below netfilter (AF_PACKET).
    /// - Throws: in words for the operator, when nothing could be sent.
    func look(at path: GuardedPath) async throws -> PathSight
}

/// Measures what an ordinary connection over a path achieves.
package protocol PathMeter: Sendable {
    /// Bits a second; nil where there is nothing to measure with.
    func rate(of path: GuardedPath) async -> Double?
}

/// The far ends of paths, reached through the orchestrator.
package protocol FarGates: Sendable {
    /// These gates for connections over `path` from this device, and no others. Returns when they are in force.
    func set(_ gates: [PathGate], for path: GuardedPath) async throws
}

/// Runs the machines of all paths of a device and carries out what they decide, one step at a time.
package actor PathGuard {
    private struct Watched {
        let path: GuardedPath
        var machine: PathMachine
        /// What the far end was told last.
        var there: [PathGate] = []
    }

    /// What there is to say of one path.
    package struct Standing: Hashable, Sendable {
        package let path: GuardedPath
        package let phase: PathMachine.Phase
        package let held: GateWish
        package let sight: PathSight
        package let nextAt: Timestamp
    }

    private var watched: [Watched]
    private let prober: any PathProber
    private let meter: any PathMeter
    private let far: any FarGates
    private let keeper: GateKeeper
    private let now: @Sendable () -> Timestamp
    /// What is in force here, by path.
    private var here: [String: [HeldGate]] = [:]
    private var asking: [String: AddressBlock] = [:]
    private var isClean = false
    /// One pass or one stop at a time: both wait for others in between.
    private var isBusy = false
    private var isStopping = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    package init(
        _ paths: [GuardedPath], prober: any PathProber, meter: any PathMeter, far: any FarGates,
        keeper: GateKeeper = GateKeeper(), now: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        let time = now()
        watched = paths.map {
            Watched(path: $0, machine: PathMachine(policy: $0.policy, farAgent: $0.farAgent, now: time))
        }
        self.prober = prober
        self.meter = meter
        self.far = far
        self.keeper = keeper
        self.now = now
    }

    package var standings: [Standing] {
        watched.map {
            Standing(
                path: $0.path, phase: $0.machine.phase, held: $0.machine.held, sight: $0.machine.sight,
                nextAt: $0.machine.wakeAt)
        }
    }

    /// When ``pass()`` has something to do again; nil without a path.
    package var wakeAt: Timestamp? { watched.map(\.machine.wakeAt).min() }

    /// Does what is due, for each path until it rests again; ends early when it is stopped meanwhile.
    /// - Returns: what happened, for the trail.
    /// - Throws: when what a run before this one left behind can not be removed.
    package func pass() async throws(GateError) -> [Event] {
        await begin()
        defer { end() }
        if !isClean, !isStopping {
            try keeper.removeAll()
            isClean = true
        }
        var events: [Event] = []
        for index in watched.indices where !isStopping && watched[index].machine.wakeAt <= now() {
            var outputs = watched[index].machine.handle(.tick, now: now())
            // No life of a path takes as many steps from rest to rest; a bound all the same.
            var stepsLeft = 64
            while !outputs.isEmpty, stepsLeft > 0, !isStopping {
                stepsLeft -= 1
                let output = outputs.removeFirst()
                if case .note(let severity, let message, let facts) = output {
                    let path = watched[index].path
                    events.append(
                        Event(
                            at: now(), severity: severity, subject: "path/\(path.name)", message: message,
                            facts: facts.merging(["destination": "\(path.destination)"]) { old, _ in old }))
                } else if let input = await perform(output, index) {
                    outputs += watched[index].machine.handle(input, now: now())
                }
            }
        }
        return events
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

    private func perform(_ output: PathMachine.Output, _ index: Int) async -> PathMachine.Input? {
        let path = watched[index].path
        switch output {
        case .note: return nil
        case .probe:
            do { return .probed(try await prober.look(at: path)) } catch { return .probeFailed("\(error)") }
        case .measure: return .measured(await meter.rate(of: path))
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
        let time = now()
        // A host whose agent died does not keep its gates for ever; one that is alive renews them at each look.
        let until =
            time + .milliseconds(path.policy.retestEvery.milliseconds * 3 + PathMachine.stepMax.milliseconds * 4)
        var next = here
        next[path.name] = wish.here.isEmpty ? nil : wish.here.map { HeldGate($0, for: path.destination, until: until) }
        let isNewFastOpen =
            wish.here.contains { $0.subject == .tfo }
            && !(here[path.name]?.contains { $0.gate.subject == .tfo } ?? false)
        try keeper.apply(
            next.values.flatMap { $0 }, now: time, forgetting: isNewFastOpen ? [path.destination] : [])
        here = next
        guard wish.asksECN != (asking[path.name] != nil) else { return }
        var routes = asking
        routes[path.name] = wish.asksECN ? path.destination : nil
        _ = try keeper.askECN(Set(routes.values).sorted { "\($0)" < "\($1)" })
        asking = routes
    }
}
