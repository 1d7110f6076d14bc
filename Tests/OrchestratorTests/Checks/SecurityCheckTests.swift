import CL45Core
import L45Model
import Testing

@testable import Orchestrator

@Suite("The security check of one module")
struct SecurityCheckTests {
    private let initKey = Secret([UInt8](200..<232))
    private let id = ModuleID(0x0123_4567_89ab_cdef)
    private let device = DeviceID("00112233445566778899aabbccddeeff")
    private let start = Timestamp(1_700_000_000_000)
    private let window = Span.seconds(5)
    private let policy = CheckPolicy()

    private func check(_ standing: ModuleCheck? = nil, isUnsure: Bool = false) -> SecurityCheck {
        SecurityCheck(
            standing ?? ModuleCheck(device: device, module: id, key: initKey), initKey: initKey, isUnsure: isUnsure,
            dueAt: start)
    }

    private func expect(
        _ verdict: SecurityCheck.Verdict, _ answer: ModuleAnswer, of check: inout SecurityCheck, _ what: String = "",
        at place: SourceLocation = #_sourceLocation
    ) {
        let found = check.take(answer, window: window, policy: policy, now: start)
        #expect(found == verdict, "\(what)", sourceLocation: place)
    }

    @Test("1,000 rounds are verified, each under another key")
    func rounds() throws {
        var check = self.check()
        var module = CheckedModule(id, initKey: initKey)
        var random = Drawn(1)
        var keys: Set<Secret> = [initKey]
        for round in 1...1000 {
            let challenge = try check.ask(number: UInt64(round), now: start, using: &random)
            expect(.verified, module.relayed(challenge), of: &check)
            let isNew = keys.insert(check.standing.key).inserted
            #expect(isNew)
            #expect(check.dueAt == start + window)
        }
        #expect(check.standing.step == 1000)
    }

    @Test("Every single bit of challenge, nonce, answer, id and key that is changed is caught")
    func everyBit() throws {
        var random = Drawn(2)
        var asked = self.check()
        let challenge = try asked.ask(number: 1, now: start, using: &random)
        let module = CheckedModule(id, initKey: initKey)
        var right = module
        let answered = right.answer(challenge)
        let answer = try #require(answered)
        // The control: untouched, it is verified.
        var control = asked
        expect(.verified, ModuleAnswer(module: id, number: 1, outcome: .answered(answer, life: 1)), of: &control)

        // The challenge on its way, its nonce first: the module does not open it.
        for bit in 0..<(challenge.sealed.count * 8) {
            var other = module
            let changed = ModuleChallenge(module: id, number: 1, sealed: challenge.sealed.flipped(bit))
            let opened = other.answer(changed)
            #expect(opened == nil, "bit \(bit) of the challenge")
        }
        // The answer on its way, its nonce first.
        for bit in 0..<(answer.count * 8) {
            var check = asked
            let changed = ModuleAnswer(module: id, number: 1, outcome: .answered(answer.flipped(bit), life: 1))
            expect(.failed(.unreadable), changed, of: &check, "bit \(bit) of the answer")
        }
        // A module with another id that has the key.
        for bit in 0..<64 {
            var other = CheckedModule(ModuleID(id.rawValue ^ (1 << UInt64(bit))), initKey: initKey)
            var check = asked
            let answered = other.answer(challenge)
            let said = try #require(answered)
            let changed = ModuleAnswer(module: id, number: 1, outcome: .answered(said, life: 1))
            expect(.failed(.otherModule(other.id)), changed, of: &check, "bit \(bit) of the id")
        }
        // A module whose key is another, and an orchestrator whose key is.
        for bit in 0..<256 {
            var other = CheckedModule(id, initKey: Secret(initKey.bytes.flipped(bit)))
            let opened = other.answer(challenge)
            #expect(opened == nil, "bit \(bit) of the module's key")
            var check = asked
            let forged = other.answer(
                ModuleChallenge(
                    module: id, number: 1,
                    sealed: try CheckSeal.seal(
                        [UInt8](repeating: 1, count: 32), key: Secret(initKey.bytes.flipped(bit)),
                        nonce: [UInt8](repeating: 3, count: 12))))
            let changed = ModuleAnswer(module: id, number: 1, outcome: .answered(forged ?? [], life: 1))
            expect(.failed(.unreadable), changed, of: &check, "bit \(bit) of the key")
        }
    }

    @Test("An answer is to one challenge: what was played back fails, what nobody asked for means nothing")
    func replays() throws {
        var random = Drawn(3)
        var check = self.check()
        var module = CheckedModule(id, initKey: initKey)
        let first = try check.ask(number: 1, now: start, using: &random)
        let answer = module.relayed(first)
        expect(.verified, answer, of: &check)
        // It comes twice.
        expect(.stale, answer, of: &check)
        // It comes again, as the answer to the next.
        _ = try check.ask(number: 2, now: start, using: &random)
        var again = answer
        again.number = 2
        expect(.failed(.unreadable), again, of: &check)
    }

    @Test("An answer to another challenge under the same key is found out")
    func otherChallenge() throws {
        var random = Drawn(4)
        var check = self.check()
        var module = CheckedModule(id, initKey: initKey)
        let first = try check.ask(number: 1, now: start, using: &random)
        let answer = module.relayed(first)
        let verdict = check.waited(policy: policy, now: start + .seconds(5))
        #expect(verdict == .unanswered)
        _ = try check.ask(number: 2, now: start + .seconds(5), using: &random)
        // Late, it means nothing; under the other's number it is a lie.
        expect(.stale, answer, of: &check)
        var moved = answer
        moved.number = 2
        expect(.failed(.otherChallenge), moved, of: &check)
    }

    @Test("Three silences in a row fail a module, and an answer in between forgives")
    func silence() throws {
        var random = Drawn(5)
        var check = self.check()
        var module = CheckedModule(id, initKey: initKey)
        var now = start
        var verdicts: [SecurityCheck.Verdict?] = []
        for time in 1...5 {
            let challenge = try check.ask(number: 1, now: now, using: &random)
            verdicts.append(check.waited(policy: policy, now: now + .milliseconds(4999)))
            if time == 3 { expect(.verified, module.relayed(challenge), of: &check) }
            now = now + .seconds(5)
            verdicts.append(check.waited(policy: policy, now: now))
        }
        _ = try check.ask(number: 1, now: now, using: &random)
        verdicts.append(check.waited(policy: policy, now: now + .seconds(5)))
        #expect(
            verdicts == [
                nil, .unanswered, nil, .unanswered, nil, nil, nil, .unanswered, nil, .unanswered,
                .failed(.silent(asked: 3, said: nil)),
            ])
    }

    @Test("A device that hangs up whenever it is asked fails in the end")
    func hangsUp() throws {
        var random = Drawn(6)
        var check = self.check()
        for time in 1...10 {
            let unasked = check.lineLost(policy: policy, now: start)
            #expect(unasked == nil)
            _ = try check.ask(number: UInt64(time), now: start, using: &random)
            let verdict = check.lineLost(policy: policy, now: start)
            let gone = CheckFailure.silent(asked: 10, said: "the line ended before the answer")
            let expected: SecurityCheck.Verdict = time < 10 ? .unanswered : .failed(gone)
            #expect(verdict == expected)
        }
    }

    @Test("A chain that was lost begins again only where something explains it")
    func lostChain() throws {
        var random = Drawn(7)
        func verified(_ check: inout SecurityCheck, _ module: inout CheckedModule) throws {
            let challenge = try check.ask(number: 1, now: start, using: &random)
            expect(.verified, module.relayed(challenge), of: &check)
        }
        var first = self.check()
        var module = CheckedModule(id, initKey: initKey)
        try verified(&first, &module)
        try verified(&first, &module)
        // The same tap, in the same life: somebody has put another in its place.
        var check = first
        var fresh = CheckedModule(id, initKey: initKey)
        let challenge = try check.ask(number: 2, now: start, using: &random)
        expect(.failed(.keyLost), fresh.relayed(challenge), of: &check)
        // The tap was started anew.
        check = first
        let other = try check.ask(number: 2, now: start, using: &random)
        expect(.beginsAgain(lost: 2), fresh.relayed(other, life: 2), of: &check)
        try verified(&check, &fresh)
        // The orchestrator's records are a copy of before: it is the one that lags behind.
        var restored = self.check(first.standing, isUnsure: true)
        try verified(&first, &module)
        try verified(&first, &module)
        let late = try restored.ask(number: 2, now: start, using: &random)
        expect(.beginsAgain(lost: 2), module.relayed(late), of: &restored)
        try verified(&restored, &module)
        // Once it has proved itself, no longer.
        let last = try restored.ask(number: 3, now: start, using: &random)
        expect(.failed(.keyLost), fresh.relayed(last), of: &restored)
    }

    @Test("Whatever is lost, and wherever the orchestrator is killed, the next round that is not disturbed is verified")
    func crashes() throws {
        /// What befalls one round.
        enum Fate: CaseIterable {
            case none, challengeLost, answerLost, killedBeforeStoring, killedAfterStoring, killedAsking
        }
        struct Ends {
            var stored: ModuleCheck
            var check: SecurityCheck
            var module: CheckedModule
        }
        var random = Drawn(8)
        var tried = 0
        func round(_ ends: inout Ends, _ fate: Fate) throws {
            let challenge = try ends.check.ask(number: 1, now: start, using: &random)
            if fate == .killedAsking { ends.check = self.check(ends.stored) }
            if fate == .challengeLost { return }
            let answer = ends.module.relayed(challenge)
            if fate == .answerLost || fate == .killedAsking { return }
            expect(.verified, answer, of: &ends.check)
            if fate != .killedBeforeStoring { ends.stored = ends.check.standing }
            if fate != .none { ends.check = self.check(ends.stored) }
        }
        func from(_ ends: Ends, _ depth: Int) throws {
            var clean = ends
            try round(&clean, .none)
            tried += 1
            guard depth > 0 else { return }
            for fate in Fate.allCases {
                var next = ends
                try round(&next, fate)
                try from(next, depth - 1)
            }
        }
        let standing = ModuleCheck(device: device, module: id, key: initKey)
        // `isUnsure` is left out: no chain is to begin again here.
        try from(
            Ends(stored: standing, check: self.check(standing), module: CheckedModule(id, initKey: initKey)), 4)
        #expect(tried == 1 + 6 + 36 + 216 + 1296)
    }

    @Test("Who has the init key and missed one round has no later key")
    func staleInitKey() throws {
        var random = Drawn(9)
        var check = self.check()
        var module = CheckedModule(id, initKey: initKey)
        let first = try check.ask(number: 1, now: start, using: &random)
        expect(.verified, module.relayed(first), of: &check)
        // The ledger's copy of the key, from then on.
        var thief = CheckedModule(id, initKey: initKey)
        let second = try check.ask(number: 2, now: start, using: &random)
        let opened = thief.answer(second)
        #expect(opened == nil)
        expect(.failed(.keyLost), thief.relayed(second), of: &check)
    }
}

extension [UInt8] {
    fileprivate func flipped(_ bit: Int) -> [UInt8] {
        var copy = self
        copy[bit / 8] ^= 1 << UInt8(bit % 8)
        return copy
    }
}
