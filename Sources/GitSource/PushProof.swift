import Crypto
package import Foundation
package import L45Model

/// How the sender of a webhook shows that it knows the secret.
package enum PushProof: Hashable, Sendable {
    /// `X-Hub-Signature-256` of GitHub, Gitea and Forgejo: `sha256=` and the hex digits of HMAC-SHA256 of the body under it.
    case signature(String)
    /// `X-Gitlab-Token`: the secret itself. Whoever reads it on the way has it, so TLS belongs in front.
    case token(String)

    /// The names of the headers, each with how its value is read.
    package static let headers: [(name: String, read: @Sendable (String) -> PushProof)] = [
        ("X-Hub-Signature-256", { .signature($0) }), ("X-Gitlab-Token", { .token($0) }),
    ]

    /// Whether it proves this body. Compared in constant time.
    package func holds(for body: some DataProtocol, secret: Secret) -> Bool {
        switch self {
        case .signature(let text):
            guard text.hasPrefix("sha256="), let code = Hex.bytes(String(text.dropFirst(7))) else { return false }
            return HMAC<SHA256>.isValidAuthenticationCode(
                code, authenticating: body, using: SymmetricKey(data: secret.bytes))
        case .token(let text):
            // Codes of both under a key of the moment, so that the time tells nothing of where they differ.
            let key = SymmetricKey(size: .bits256)
            let code = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)
            return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: secret.bytes, using: key)
        }
    }

    /// The signature of a body, for who sends one.
    package static func signature(of body: some DataProtocol, secret: Secret) -> String {
        "sha256=" + Hex.string(HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: secret.bytes)))
    }
}
