import L45Model

/// A path under guard, its machine, and what there is to say of it.
struct WatchedPath {
    let path: GuardedPath
    private(set) var machine: PathMachine
    /// What the far end was told last.
    var there: [PathGate]
    /// Bits a second, as measured last.
    var rate: Double?
    private var reason = ""
    private var since: Timestamp
    private var heldSince: Timestamp
    private var lastRest: PathMachine.Rest = .new

    init(_ path: GuardedPath, holding: GateWish = .none, now: Timestamp) {
        self.path = path
        machine = PathMachine(policy: path.policy, farAgent: path.farAgent, now: now, holding: holding)
        there = holding.there
        since = now
        heldSince = holding.isEmpty ? .never : now
    }

    /// The same path under another policy: what is in force stays until the next look.
    init(_ path: GuardedPath, instead old: WatchedPath, now: Timestamp) {
        self.init(path, holding: old.machine.held, now: now)
        there = old.there
        rate = old.rate
        heldSince = old.heldSince
    }

    mutating func handle(_ input: PathMachine.Input, now: Timestamp) -> [PathMachine.Output] {
        let held = machine.held
        let outputs = machine.handle(input, now: now)
        if machine.held != held { heldSince = now }
        for case .note(_, _, let facts) in outputs {
            guard let why = facts["reason"] else { continue }
            reason = facts["cause"].map { "\($0): \(why)" } ?? why
        }
        if case .resting(let rest) = machine.phase, !Self.isSame(rest, lastRest) {
            since = now
            lastRest = rest
        }
        return outputs
    }

    var standing: PathGuard.Standing {
        PathGuard.Standing(
            path: path, phase: machine.phase, held: machine.held, sight: machine.sight, nextAt: machine.wakeAt,
            since: since, heldSince: heldSince, rate: rate, reason: why)
    }

    private var why: String {
        switch machine.phase {
        case .resting(.blind(let why)), .resting(.failed(let why)): why
        case .resting(.rolledBack): reason
        default: ""
        }
    }

    /// Blind for another reason is still blind.
    private static func isSame(_ a: PathMachine.Rest, _ b: PathMachine.Rest) -> Bool {
        switch (a, b) {
        case (.blind, .blind), (.failed, .failed): true
        default: a == b
        }
    }
}
