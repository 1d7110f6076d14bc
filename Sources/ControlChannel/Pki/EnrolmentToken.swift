import Crypto
import Foundation
package import L45Model

/// Admits one device once: `l45-ID.SECRET.FINGERPRINT`, each part in base 32.
///
/// The fingerprint is that of the orchestrator's authority: an agent that trusts nothing yet knows by it whom to talk
/// to. The orchestrator keeps the id and `secretDigest`, never the secret.
package struct EnrolmentToken: Hashable, Sendable, CustomStringConvertible {
    package static let idBytes = 5
    package static let secretBytes = 16

    /// 8 characters; names the token in lists and logs.
    package let id: String
    /// 16 bytes.
    package let secret: Secret
    /// SHA-256 of the authority's certificate (DER).
    package let authority: L45Model.Digest

    /// A new token from the system's random source.
    package init(for anchor: TrustAnchor) {
        var random = SystemRandomNumberGenerator()
        id = Base32.text((0..<Self.idBytes).map { _ in UInt8.random(in: 0...255, using: &random) })
        secret = Secret((0..<Self.secretBytes).map { _ in UInt8.random(in: 0...255, using: &random) })
        authority = anchor.fingerprint
    }

    /// - Throws: `malformed`, saying which part is wrong.
    package init(_ text: String) throws(PkiError) {
        func malformed(_ why: String) -> PkiError {
            .malformed(what: "the enrolment token", why: "\(why); copy the whole line that 'l45 token create' printed")
        }
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard trimmed.hasPrefix("l45-") else { throw malformed("it does not begin with 'l45-'") }
        let parts = trimmed.dropFirst(4).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw malformed("it has \(parts.count) parts where 3 are needed") }
        guard let id = Base32.bytes(parts[0]), id.count == Self.idBytes else { throw malformed("its id is damaged") }
        guard let secret = Base32.bytes(parts[1]), secret.count == Self.secretBytes else {
            throw malformed("its secret is damaged")
        }
        guard let authority = Base32.bytes(parts[2]), authority.count == SHA256.byteCount else {
            throw malformed("its fingerprint is damaged")
        }
        self.id = Base32.text(id)
        self.secret = Secret(secret)
        self.authority = L45Model.Digest(hex: Hex.string(authority))
    }

    /// The whole token, to be shown once.
    package var text: String {
        "l45-\(id).\(Base32.text(secret.bytes)).\(Base32.text(Hex.bytes(authority.hex) ?? []))"
    }

    /// What the orchestrator keeps to know the secret again.
    package var secretDigest: L45Model.Digest { Self.digest(ofSecret: secret) }

    /// The same for the secret that came with a request; compare digests, not secrets.
    package static func digest(ofSecret secret: Secret) -> L45Model.Digest { Digest(of: secret.bytes) }

    package var description: String { "token \(id)" }
}
