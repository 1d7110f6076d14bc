import NIOSSL
import Synchronization

/// What new connections are served with: replaced while the server runs. Connections that stand go on with what they began.
final class ServerCredentials: Sendable {
    private struct State {
        var context: NIOSSLContext
        var anchors: [TrustAnchor]
        var signer: TableSigner?
    }

    private let state: Mutex<State>

    init(_ identity: OrchestratorIdentity, trusting anchors: [TrustAnchor]) throws {
        state = Mutex(
            State(
                context: try TLS.serverContext(identity, trusting: anchors), anchors: anchors, signer: identity.signer))
    }

    /// - Throws: when the identity is not valid; then nothing changed.
    func replace(_ identity: OrchestratorIdentity, trusting anchors: [TrustAnchor]) throws {
        let next = State(
            context: try TLS.serverContext(identity, trusting: anchors), anchors: anchors, signer: identity.signer)
        state.withLock { $0 = next }
    }

    var context: NIOSSLContext { state.withLock { $0.context } }
    /// Signs tables; nil: they go as they are.
    var signer: TableSigner? { state.withLock { $0.signer } }
    /// Whose certificates devices may show.
    var anchors: [TrustAnchor] { state.withLock { $0.anchors } }
}
