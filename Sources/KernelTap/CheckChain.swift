import CL45Core
import L45Model

/// A module's chain of keys, for a tap that is no other process (`l45_check_chain`).
struct CheckChain: Sendable {
    private var chain = l45_check_chain()

    /// Nothing happens where it has begun with this very key.
    mutating func begin(_ initKey: Secret) {
        guard initKey.bytes.count == Int(L45_INIT_KEY_BYTES) else { return }
        l45_check_begin(&chain, initKey.bytes)
    }

    /// nil: the challenge opens under none of the keys.
    mutating func answer(_ challenge: [UInt8], by module: ModuleID) -> [UInt8]? {
        guard chain.begun != 0 else { return nil }
        let nonce = (0..<Int(L45_AEAD_NONCE_BYTES)).map { _ in UInt8.random(in: .min ... .max) }
        var answer = [UInt8](repeating: 0, count: Int(L45_ANSWER_BYTES_MAX))
        let bytes = l45_check_answer(
            &chain, module.rawValue, nonce, challenge, challenge.count, &answer, answer.count)
        return bytes > 0 ? Array(answer.prefix(bytes)) : nil
    }
}
