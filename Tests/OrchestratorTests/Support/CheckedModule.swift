import CL45Core
import L45Model

@testable import Orchestrator

/// The module's end of the security check, as both taps have it, as a value: a test can go on from one place in two ways.
struct CheckedModule {
    var chain = l45_check_chain()
    var id: ModuleID

    init(_ id: ModuleID, initKey: Secret) {
        self.id = id
        l45_check_begin(&chain, initKey.bytes)
    }

    /// Its answer, or nil: the challenge opens under none of its keys.
    mutating func answer(_ challenge: ModuleChallenge, nonce: UInt8 = 77) -> [UInt8]? {
        var answer = [UInt8](repeating: 0, count: Int(L45_ANSWER_BYTES_MAX))
        let bytes = l45_check_answer(
            &chain, id.rawValue, [UInt8](repeating: nonce, count: 12), challenge.sealed, challenge.sealed.count,
            &answer,
            answer.count)
        return bytes > 0 ? Array(answer.prefix(bytes)) : nil
    }

    /// The same as the agent says it.
    mutating func relayed(_ challenge: ModuleChallenge, life: UInt64 = 1) -> ModuleAnswer {
        ModuleAnswer(
            module: challenge.module, number: challenge.number,
            outcome: answer(challenge).map { .answered($0, life: life) } ?? .unopened(life: life))
    }
}

/// Numbers that are the same in every run.
struct Drawn: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
