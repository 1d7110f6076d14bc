package import L45Model

/// The life of one path: looked at, gated, looked at again, measured, kept or rolled back, looked at again until it has
/// healed.
///
/// Pure: time and results in, what is to be done out. Nothing it waits for can hold it up: each step has a last moment.
package struct PathMachine: Hashable, Sendable {
    package enum Phase: Hashable, Sendable {
        /// Nothing under way; the next look is due at `dueAt`.
        case resting(Rest)
        case probing
        /// Throughput before the gates of `wish`.
        case weighing(GateWish)
        /// The gates of `wish` are being put in force.
        case gating(GateWish, before: Double?)
        /// In force; looked at again.
        case confirming(GateWish, before: Double?)
        /// Throughput with the gates of `wish`.
        case comparing(GateWish, before: Double?)
        case rollingBack(GateWish)
        case healing(GateWish)
        case renewing
    }

    package enum Rest: Hashable, Sendable {
        /// Never looked at.
        case new
        /// Every extension may pass.
        case clear
        case gated
        /// The gates cost throughput and were taken back.
        case rolledBack
        /// The last look told nothing, and why.
        case blind(String)
        /// The gates could not be put in force, and why.
        case failed(String)
    }

    package enum Input: Hashable, Sendable {
        /// Time has passed; at `wakeAt` at the latest, earlier does no harm.
        case tick
        case probed(PathSight)
        case probeFailed(String)
        /// Bits a second; nil: there is nothing to measure with.
        case measured(Double?)
        case applied
        case applyFailed(String)
    }

    package enum Output: Hashable, Sendable {
        /// Answered by `probed` or `probeFailed`.
        case probe
        /// Answered by `measured`.
        case measure
        /// These gates and no others for this path, at both ends. Answered by `applied` or `applyFailed`; after the latter
        /// one end may have them and the other not.
        case apply(GateWish)
        case note(Event.Severity, String, facts: [String: String])
    }

    /// How long a probe, a measurement or an application may take.
    package static let stepMax = Span.seconds(60)
    /// Looks in a row that must agree that a gate is no longer needed.
    package static let looksToHeal = 2
    /// From the first of these to the second.
    package static let healAfter = Span.seconds(5)
    /// Gates that were rolled back are tried again after this many looks that still ask for them: throughput depends on
    /// more than gates.
    package static let looksToRetry = 8

    package let policy: PathPolicy
    /// The far device can be told to gate.
    package let farAgent: Bool
    package private(set) var phase = Phase.resting(.new)
    /// What is in force.
    package private(set) var held = GateWish.none
    package private(set) var sight = PathSight.blind
    /// When the phase ends, or the next look is due.
    package private(set) var wakeAt: Timestamp
    private var healthyLooks = 0
    private var rejected: GateWish?
    private var looksSinceRejection = 0
    /// Gates may be in force that `held` does not name.
    private var isUnsure = false
    /// Looks in a row that told nothing, or whose gates could not be put in force.
    private var setbacks = 0

    /// - Parameter holding: what is in force for the path already, by an earlier machine: kept until a look says more.
    package init(policy: PathPolicy, farAgent: Bool, now: Timestamp, holding: GateWish = .none) {
        self.policy = policy
        self.farAgent = farAgent
        held = holding
        wakeAt = now
    }

    package mutating func handle(_ input: Input, now: Timestamp) -> [Output] {
        switch (input, phase) {
        case (.tick, .resting) where now >= wakeAt: return enter(.probing, now, [.probe])
        case (.tick, .resting): wakeAt = min(wakeAt, now + policy.retestEvery)
        case (.tick, _) where now >= wakeAt: return late(now)
        case (.tick, _): wakeAt = min(wakeAt, now + Self.stepMax)
        case (.probed(let sight), .probing): return looked(sight, now)
        case (.probed(let sight), .confirming(let wish, let before)): return confirmed(sight, wish, before, now)
        case (.probeFailed(let reason), .probing): return rest(.blind(reason), now)
        case (.probeFailed(let reason), .confirming(let wish, _)): return rollBack(wish, "probe", reason, now)
        case (.measured(let rate), .weighing(let wish)):
            return enter(.gating(wish, before: rate), now, [.apply(wish)])
        case (.measured(let rate), .comparing(let wish, let before)): return compared(wish, before, rate, now)
        case (.applied, .gating(let wish, let before)):
            return enter(.confirming(wish, before: before), now, [.probe])
        case (.applied, .rollingBack): return mended(now)
        case (.applied, .healing(let wish)): return healed(wish, now)
        case (.applied, .renewing): return renewed(now)
        case (.applyFailed(let reason), .gating), (.applyFailed(let reason), .rollingBack),
            (.applyFailed(let reason), .healing), (.applyFailed(let reason), .renewing):
            return failed(reason, now)
        // An answer to a question that is no longer asked.
        default: break
        }
        return []
    }

    /// The same with its next look due at `time`: two machines that differ in nothing else are then equal.
    package func rebased(to time: Timestamp) -> PathMachine {
        var copy = self
        copy.wakeAt = time
        // It decides on nothing but when the next look is.
        copy.setbacks = 0
        return copy
    }

    // MARK: Looks

    private mutating func looked(_ sight: PathSight, _ now: Timestamp) -> [Output] {
        self.sight = sight
        let wish = GateWish(sight, policy, holding: held, farAgent: farAgent)
        // A roll back that failed left what is in force unknown: first that is mended.
        if isUnsure { return enter(.rollingBack(rejected ?? .none), now, [.apply(held)]) }
        if wish == held {
            healthyLooks = 0
            guard held.isEmpty else { return enter(.renewing, now, [.apply(held)]) }
            guard sight.isCapable else { return rest(.blind("the far end does not take part"), now) }
            rejected = nil
            return rest(.clear, now)
        }
        if wish.isWithin(held) {
            healthyLooks = min(healthyLooks + 1, Self.looksToHeal)
            guard healthyLooks >= Self.looksToHeal else {
                _ = rest(standing, now)
                wakeAt = min(wakeAt, now + Self.healAfter)
                return []
            }
            return enter(.healing(wish), now, [.apply(wish)])
        }
        healthyLooks = 0
        if wish == rejected {
            looksSinceRejection = min(looksSinceRejection + 1, Self.looksToRetry)
            if looksSinceRejection < Self.looksToRetry { return rest(.rolledBack, now) }
        }
        let changed = wish.subjects.map(\.rawValue).joined(separator: ", ")
        return enter(
            .weighing(wish), now,
            [.note(.info, "path needs gates", facts: ["extensions": changed]), .measure])
    }

    private mutating func confirmed(
        _ sight: PathSight, _ wish: GateWish, _ before: Double?, _ now: Timestamp
    ) -> [Output] {
        guard sight.isCapable || !self.sight.isCapable else {
            return rollBack(wish, "probe", "the far end no longer answers", now)
        }
        self.sight = sight
        return enter(.comparing(wish, before: before), now, [.measure])
    }

    // MARK: Ends

    private mutating func compared(
        _ wish: GateWish, _ before: Double?, _ after: Double?, _ now: Timestamp
    ) -> [Output] {
        var facts = ["extensions": wish.subjects.map(\.rawValue).joined(separator: ", ")]
        if let before { facts["bitsPerSecondBefore"] = Self.text(before) }
        if let after { facts["bitsPerSecondAfter"] = Self.text(after) }
        if let before {
            guard let after else { return rollBack(wish, "throughput", "it can no longer be measured", now) }
            if after < before * Double(100 - policy.tolerancePercent) / 100 {
                let reason = "\(Self.text(before)) bit/s before, \(Self.text(after)) with the gates"
                return rollBack(wish, "throughput", reason, now)
            }
        }
        held = wish
        rejected = nil
        return [.note(.info, "path gated", facts: facts)] + rest(.gated, now)
    }

    private mutating func rollBack(
        _ wish: GateWish, _ cause: String, _ reason: String, _ now: Timestamp
    ) -> [Output] {
        rejected = wish
        looksSinceRejection = 0
        let facts = [
            "cause": cause, "reason": reason, "extensions": wish.subjects.map(\.rawValue).joined(separator: ", "),
        ]
        return enter(
            .rollingBack(wish), now, [.note(.warning, "gates rolled back", facts: facts), .apply(held)])
    }

    private mutating func healed(_ wish: GateWish, _ now: Timestamp) -> [Output] {
        let gone = Set(held.subjects).subtracting(wish.subjects).sorted().map(\.rawValue).joined(separator: ", ")
        held = wish
        healthyLooks = 0
        return [.note(.info, "path healed; gates removed", facts: ["extensions": gone])] + rest(standing, now)
    }

    /// What is held is in force again, and nothing else.
    private mutating func mended(_ now: Timestamp) -> [Output] {
        isUnsure = false
        guard rejected == nil else { return rest(.rolledBack, now) }
        // The gates were not rejected, only not put in force: what they were for still waits.
        phase = .resting(standing)
        wakeAt = now + min(policy.retestEvery, retryAfter)
        return []
    }

    private mutating func renewed(_ now: Timestamp) -> [Output] {
        guard isUnsure else { return rest(standing, now) }
        isUnsure = false
        _ = rest(rejected == nil ? standing : .rolledBack, now)
        // What the failed change was for still waits.
        wakeAt = min(wakeAt, now + Self.healAfter)
        return []
    }

    private mutating func failed(_ reason: String, _ now: Timestamp) -> [Output] {
        isUnsure = true
        return [.note(.alert, "gates not put in force", facts: ["reason": reason])] + rest(.failed(reason), now)
    }

    /// What was asked for did not come in time.
    private mutating func late(_ now: Timestamp) -> [Output] {
        let silence = "no answer within \(Self.stepMax)"
        return switch phase {
        case .resting: []
        case .probing: rest(.blind(silence), now)
        case .weighing(let wish): enter(.gating(wish, before: nil), now, [.apply(wish)])
        case .confirming(let wish, _): rollBack(wish, "probe", silence, now)
        case .comparing(let wish, _): rollBack(wish, "throughput", silence, now)
        // Whether they are in force is not known: those of before are asked for.
        case .gating(let wish, _): rollBack(wish, "gates", silence, now)
        case .rollingBack, .healing, .renewing: failed(silence, now)
        }
    }

    // MARK: Moves

    private var standing: Rest { held.subjects.isEmpty ? .clear : .gated }

    private mutating func enter(_ phase: Phase, _ now: Timestamp, _ outputs: [Output]) -> [Output] {
        self.phase = phase
        wakeAt = now + Self.stepMax
        return outputs
    }

    private mutating func rest(_ rest: Rest, _ now: Timestamp) -> [Output] {
        phase = .resting(rest)
        wakeAt = now + policy.retestEvery
        switch rest {
        case .new: break
        case .clear, .gated, .rolledBack: setbacks = 0
        case .blind, .failed:
            setbacks = min(setbacks + 1, 20)
            wakeAt = min(wakeAt, now + retryAfter)
        }
        return []
    }

    /// The far end may be about to start, or a packet was lost: 1 s, 2 s, 4 s and so on up to the usual.
    private var retryAfter: Span { .seconds(1 << Int64(max(0, setbacks - 1))) }

    private static func text(_ rate: Double) -> String { "\(Int64(max(0, min(rate, 1e15)).rounded()))" }
}
