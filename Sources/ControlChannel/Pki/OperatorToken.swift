import Crypto
import Foundation
package import L45Model

/// Lets its bearer operate from another machine: `l45op-ID.SECRET.FINGERPRINT`, each part in base 32.
///
/// The fingerprint is that of the orchestrator's authority, so that the secret goes to nobody else. The orchestrator keeps the id
/// and `secretDigest`, never the secret: 128 random bits, which no list of guesses reaches, so a plain SHA-256 is enough.
package struct OperatorToken: Hashable, Sendable, CustomStringConvertible {
    static let prefix = "l45op-"

    package let id: String
    package let secret: Secret
    /// SHA-256 of the authority's certificate (DER).
    package let authority: L45Model.Digest

    /// A new token from the system's random source.
    package init(for anchor: TrustAnchor) {
        var random = SystemRandomNumberGenerator()
        id = Base32.text((0..<EnrolmentToken.idBytes).map { _ in UInt8.random(in: 0...255, using: &random) })
        secret = Secret((0..<EnrolmentToken.secretBytes).map { _ in UInt8.random(in: 0...255, using: &random) })
        authority = anchor.fingerprint
    }

    /// - Throws: `malformed`, saying which part is wrong and nothing of what it says.
    package init(_ text: String) throws(PkiError) {
        func malformed(_ why: String) -> PkiError {
            .malformed(what: "the operator's token", why: "\(why); copy the whole line that 'l45 operator add' printed")
        }
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard trimmed.hasPrefix(Self.prefix) else { throw malformed("it does not begin with '\(Self.prefix)'") }
        let parts = trimmed.dropFirst(Self.prefix.count).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw malformed("it has \(parts.count) parts where 3 are needed") }
        guard let id = Base32.bytes(parts[0]), id.count == EnrolmentToken.idBytes else {
            throw malformed("its id is damaged")
        }
        guard let secret = Base32.bytes(parts[1]), secret.count == EnrolmentToken.secretBytes else {
            throw malformed("its secret is damaged")
        }
        guard let authority = Base32.bytes(parts[2]), authority.count == SHA256.byteCount else {
            throw malformed("its fingerprint is damaged")
        }
        self.id = Base32.text(id)
        self.secret = Secret(secret)
        self.authority = L45Model.Digest(hex: Hex.string(authority))
    }

    /// Reads a token's file.
    /// - Throws: `exposed` when others may read it; `file`; `malformed`.
    package init(file path: String) throws(PkiError) { try self.init(SecretFile.read(path, bytesMax: 4096)) }

    /// The whole token, to be shown once.
    package var text: String {
        "\(Self.prefix)\(id).\(Base32.text(secret.bytes)).\(Base32.text(Hex.bytes(authority.hex) ?? []))"
    }

    /// What the orchestrator keeps to know the secret again.
    package var secretDigest: L45Model.Digest { EnrolmentToken.digest(ofSecret: secret) }

    package var description: String { "operator's token \(id)" }
}
