import L45Model

/// Where an orchestrator is asked, and what is shown there for who asks.
package enum OperatorEndpoint: Sendable, CustomStringConvertible {
    /// A Unix domain socket: the kernel says who it is.
    case socket(path: String)
    case remote(host: String, port: Int, credential: OperatorCredential)

    package var description: String {
        switch self {
        case .socket(let path): path
        case .remote(let host, let port, _): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}

/// Shows an orchestrator on another machine who asks, and tells the right orchestrator from any other.
package enum OperatorCredential: Sendable {
    case token(OperatorToken)
    case certificate(OperatorKeyFile)

    var trust: ServerTrust {
        switch self {
        case .token(let token): .fingerprint(token.authority)
        case .certificate(let file): .anchors([file.anchor])
        }
    }

    var token: OperatorToken? { if case .token(let token) = self { token } else { nil } }
    var keyFile: OperatorKeyFile? { if case .certificate(let file) = self { file } else { nil } }
}
