import Crypto
import Foundation
import L45Model

/// Seals what is secret in the CIB: AES-256-GCM under a key derived from the root key, bound to the row that it is in.
///
/// The nonce is random, 96 bits: safe for 2^32 sealings (NIST SP 800-38D, 8.3), which is 29 years of 100,000 modules
/// rotated four times a day.
struct Sealer: Sendable {
    private let sealing: SymmetricKey
    private let naming: SymmetricKey
    private let auditing: SymmetricKey

    init(root: Secret) {
        let material = root.storage.withBytes { SymmetricKey(data: $0) }
        sealing = Self.derive(material, "l45 cib seal 1")
        naming = Self.derive(material, "l45 cib name 1")
        auditing = Self.derive(material, "l45 cib audit 1")
    }

    private static func derive(_ root: SymmetricKey, _ purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: root, info: Data(purpose.utf8), outputByteCount: 32)
    }

    /// - Parameter row: what the sealed bytes belong to: table and key. Opening them for another row fails.
    /// - Returns: nonce, ciphertext and tag: 28 bytes more than `plain`.
    func seal(_ plain: Data, row: Data) throws -> Data {
        let box = try AES.GCM.seal(plain, using: sealing, authenticating: row)
        guard let combined = box.combined else { throw CryptoKitError.incorrectParameterSize }
        return combined
    }

    /// - Throws: when the bytes are not what `seal` gave for this very row under this key.
    func open(_ sealed: Data, row: Data) throws -> Data {
        try AES.GCM.open(AES.GCM.SealedBox(combined: sealed), using: sealing, authenticating: row)
    }

    /// 16 bytes that stand for `content`, and say nothing of it to who lacks the root key.
    func name(of content: Data) -> ModuleKey {
        HMAC<SHA256>.authenticationCode(for: content, using: naming).withUnsafeBytes { code in
            ModuleKey(
                high: code.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                low: code.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
    }

    /// 32 bytes that only who has the root key can give the end of an audit trail.
    func auditSeal(_ content: Data) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: content, using: auditing))
    }

    /// Takes the same time wherever they differ.
    func isAuditSeal(_ seal: Data, of content: Data) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(seal, authenticating: content, using: auditing)
    }
}
