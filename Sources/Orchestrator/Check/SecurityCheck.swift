package import L45Model

/// The security check of one module (seed 2.3): its key, the challenge under way, and the verdict on what comes back.
///
/// Pure: time, chance and answers in, challenges and verdicts out. The key moves on with each verified answer
/// (`l45_check_chain`); `standing` has to be stored before the next challenge is sent, since that one tells the module which
/// key is known here. Whatever is lost on the way, the module still has the key that is stored.
package struct SecurityCheck: Sendable {
    package enum Verdict: Hashable, Sendable {
        case verified
        /// Not answered; it is asked again.
        case unanswered
        /// It has lost its chain of keys, for a reason that can be: it is asked again under `init_key`.
        case beginsAgain(lost: UInt64)
        case failed(CheckFailure)
        /// To nothing that was asked.
        case stale
    }

    private struct Asked: Sendable {
        let number: UInt64
        let challenge: [UInt8]
        var at: Timestamp
    }

    /// What the CIB keeps.
    package private(set) var standing: ModuleCheck
    /// When it is to be asked next, unless it is being asked.
    package private(set) var dueAt: Timestamp
    private let initKey: Secret
    private var asked: Asked?
    private var silences = 0
    private var losses = 0
    private var said: String?
    /// This orchestrator may know an older key than the module: its records may be a copy of before.
    private var isUnsure: Bool

    /// - Parameters:
    ///   - initKey: of the module's plan.
    ///   - isUnsure: `standing` was read from the CIB, and no answer has confirmed it yet.
    package init(_ standing: ModuleCheck, initKey: Secret, isUnsure: Bool, dueAt: Timestamp) {
        self.standing = standing
        self.initKey = initKey
        self.isUnsure = isUnsure
        self.dueAt = dueAt
    }

    package var isAsked: Bool { asked != nil }
    /// When it has to be looked at next.
    package func lookAt(_ policy: CheckPolicy) -> Timestamp { asked.map { $0.at + policy.silence } ?? dueAt }
    /// Something is not well: asked in vain, at least once.
    package var isLate: Bool { silences > 0 || losses > 0 }

    // MARK: Asking

    /// The next challenge, of 32 random bytes.
    package mutating func ask(
        number: UInt64, now: Timestamp, using random: inout some RandomNumberGenerator
    ) throws -> ModuleChallenge {
        let challenge = Self.bytes(CheckSeal.challengeBytes, &random)
        let sealed = try CheckSeal.seal(
            challenge, key: standing.key, nonce: Self.bytes(CheckSeal.nonceBytes, &random))
        asked = Asked(number: number, challenge: challenge, at: now)
        return ModuleChallenge(module: standing.module, number: number, sealed: sealed)
    }

    private static func bytes(_ count: Int, _ random: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }

    // MARK: Judging

    /// - Parameter window: until the module is due again.
    package mutating func take(
        _ answer: ModuleAnswer, window: Span, policy: CheckPolicy, now: Timestamp
    ) -> Verdict {
        guard let asked, answer.module == standing.module, answer.number == asked.number else { return .stale }
        self.asked = nil
        switch answer.outcome {
        case .answered(let bytes, let life):
            guard let plain = CheckSeal.open(bytes, key: standing.key) else { return .failed(.unreadable) }
            guard plain.starts(with: asked.challenge) else { return .failed(.otherChallenge) }
            let id = Self.id(plain.dropFirst(asked.challenge.count))
            guard id == standing.module else { return .failed(.otherModule(id)) }
            standing.key = CheckSeal.next(after: standing.key, module: standing.module, challenge: asked.challenge)
            standing.step += 1
            standing.life = life
            standing.verifiedAt = now
            dueAt = now + window
            (silences, losses, said, isUnsure) = (0, 0, nil, false)
            return .verified
        case .unopened(let life):
            guard standing.step > 0, isUnsure || life != standing.life else { return .failed(.keyLost) }
            let lost = standing.step
            standing.key = initKey
            standing.step = 0
            standing.life = life
            isUnsure = false
            dueAt = now
            return .beginsAgain(lost: lost)
        case .unable(let reason):
            said = reason
            return unanswered(policy, retryAt: now + policy.silence, now)
        }
    }

    /// The module's id, little endian; 8 bytes, whatever was sealed.
    private static func id(_ bytes: ArraySlice<UInt8>) -> ModuleID {
        guard bytes.count == 8 else { return ModuleID(0) }
        return ModuleID(bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// Time has passed. nil: nothing is overdue.
    package mutating func waited(policy: CheckPolicy, now: Timestamp) -> Verdict? {
        guard let asked, now >= asked.at + policy.silence else { return nil }
        self.asked = nil
        return unanswered(policy, retryAt: now, now)
    }

    /// It was to be asked, and there is nobody any more who would relay that.
    package mutating func unaskable(_ reason: String, policy: CheckPolicy, now: Timestamp) -> Verdict {
        said = reason
        return unanswered(policy, retryAt: now + policy.silence, now)
    }

    private mutating func unanswered(_ policy: CheckPolicy, retryAt: Timestamp, _ now: Timestamp) -> Verdict {
        silences += 1
        dueAt = retryAt
        return silences >= policy.silencesMax ? .failed(.silent(asked: silences, said: said)) : .unanswered
    }

    /// The line that the challenge went by is gone.
    package mutating func lineLost(policy: CheckPolicy, now: Timestamp) -> Verdict? {
        guard asked != nil else { return nil }
        asked = nil
        losses += 1
        dueAt = now
        return losses >= policy.lossesMax
            ? .failed(.silent(asked: losses, said: "the line ended before the answer")) : .unanswered
    }

    // MARK: Time that does not count

    /// What happened in that time was not looked at.
    package mutating func stoodStill(_ gap: Span) {
        if let at = asked?.at { asked?.at = at + gap }
        // The clock was set back: what was due then is due now.
        if gap < .zero { dueAt = dueAt + gap }
    }

    /// The silence is not the module's.
    package mutating func forgive(now: Timestamp) {
        asked = nil
        silences = 0
        dueAt = now
    }
}
