import CL45Core
import Crypto
import Foundation
import L45Model

/// How challenges and answers are sealed (`l45_core.h`): ChaCha20-Poly1305 by swift-crypto here, by CL45Core in the taps. Pure.
enum CheckSeal {
    static let challengeBytes = 32
    static let nonceBytes = 12

    private static let challengeAD = Data("l45 check".utf8) + [UInt8(L45_CHECK_CHALLENGE.rawValue)]
    private static let answerAD = Data("l45 check".utf8) + [UInt8(L45_CHECK_ANSWER.rawValue)]

    static func seal(_ challenge: [UInt8], key: Secret, nonce: [UInt8]) throws -> [UInt8] {
        let box = try ChaChaPoly.seal(
            challenge, using: SymmetricKey(data: key.bytes), nonce: ChaChaPoly.Nonce(data: nonce),
            authenticating: challengeAD)
        return Array(box.combined)
    }

    /// nil: it was not sealed as an answer under this key, to the bit.
    static func open(_ answer: [UInt8], key: Secret) -> [UInt8]? {
        guard let box = try? ChaChaPoly.SealedBox(combined: answer),
            let plain = try? ChaChaPoly.open(box, using: SymmetricKey(data: key.bytes), authenticating: answerAD)
        else { return nil }
        return Array(plain)
    }

    /// The key after this one, once the challenge was answered.
    static func next(after key: Secret, module: ModuleID, challenge: [UInt8]) -> Secret {
        var next = [UInt8](repeating: 0, count: Int(L45_INIT_KEY_BYTES))
        l45_check_next(key.bytes, module.rawValue, challenge, challenge.count, &next)
        return Secret(next)
    }
}
