import L45Model
import NIOCore
import NIOSSL
import SwiftASN1
import Synchronization
import X509

/// TLS 1.3 at both ends. NIOSSL proves possession of the keys; what the certificates must say is ours: one authority,
/// the role, the time, no host names.
enum TLS {
    /// The peer's last words are waited for this long when a connection ends.
    private static let shutdownMax = TimeAmount.seconds(2)

    /// - Parameter anchors: authorities of devices; their names are told to whoever connects.
    static func serverContext(_ identity: OrchestratorIdentity, trusting anchors: [TrustAnchor]) throws -> NIOSSLContext
    {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try chain(identity.certificatePEM + "\n" + identity.anchor.certificatePEM),
            privateKey: try key(identity.keyPEM))
        configuration.minimumTLSVersion = .tlsv13
        // A certificate is asked for and not required: a device without one may enrol. It is checked after the
        // handshake, so that a refusal can be said in words.
        configuration.certificateVerification = .optionalVerification
        configuration.trustRoots = .certificates(
            try anchors.flatMap { try chain($0.certificatePEM).compactMap(certificate) })
        configuration.shutdownTimeout = shutdownMax
        return try NIOSSLContext(configuration: configuration)
    }

    static func serverHandler(_ context: NIOSSLContext) -> NIOSSLServerHandler {
        NIOSSLServerHandler(
            context: context,
            customVerificationCallback: { _, promise in
                promise.succeed(.certificateVerified)
            })
    }

    /// - Parameter identity: nil for a device that is about to enrol.
    static func clientContext(_ identity: DeviceIdentity?) throws -> NIOSSLContext {
        try clientContext(identity.map { ($0.certificatePEM, $0.key.pem) })
    }

    /// - Parameter identity: nil for an operator who shows a token.
    static func clientContext(operator identity: OperatorKeyFile?) throws -> NIOSSLContext {
        try clientContext(identity.map { ($0.certificatePEM, $0.key.pem) })
    }

    /// The server is looked at by `verdict`, which knows the authority.
    private static func clientContext(_ own: (certificatePEM: String, keyPEM: String)?) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        configuration.certificateVerification = .noHostnameVerification
        configuration.trustRoots = .certificates([])
        configuration.shutdownTimeout = shutdownMax
        if let own {
            configuration.certificateChain = try chain(own.certificatePEM)
            configuration.privateKey = try key(own.keyPEM)
        }
        return try NIOSSLContext(configuration: configuration)
    }

    /// - Parameter verdict: told why, when the server is not the one wanted.
    static func clientHandler(
        _ context: NIOSSLContext, trust: ServerTrust, now: @escaping @Sendable () -> Timestamp, verdict: ServerVerdict
    ) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(
            context: context, serverHostname: nil,
            customVerificationCallback: { chain, promise in
                do {
                    let presented = try chain.map { try Certificate(derEncoded: $0.toDERBytes()) }
                    verdict.set(.success(try trust.check(presented, now: now())))
                    promise.succeed(.certificateVerified)
                } catch {
                    let error =
                        error as? PkiError
                        ?? .malformed(what: "the orchestrator's certificate", why: "\(error)")
                    verdict.set(.failure(error))
                    promise.succeed(.failed)
                }
            })
    }

    private static func chain(_ pem: String) throws -> [NIOSSLCertificateSource] {
        try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)).map { .certificate($0) }
    }

    private static func certificate(_ source: NIOSSLCertificateSource) -> NIOSSLCertificate? {
        if case .certificate(let certificate) = source { certificate } else { nil }
    }

    private static func key(_ pem: String) throws -> NIOSSLPrivateKeySource {
        .privateKey(try NIOSSLPrivateKey(bytes: Array(pem.utf8), format: .pem))
    }
}

/// Whom a client takes for the orchestrator.
enum ServerTrust: Sendable {
    /// Whoever has an orchestrator's certificate of one of these authorities.
    case anchors([TrustAnchor])
    /// The same, with the authority known by its fingerprint alone: it must be in the chain.
    case fingerprint(Digest)

    /// - Parameter chain: the peer's own certificate first.
    /// - Returns: the authority that the peer was checked by.
    func check(_ chain: [Certificate], now: Timestamp) throws -> TrustAnchor {
        guard let leaf = chain.first else {
            throw PkiError.malformed(what: "the orchestrator's certificate", why: "none was shown")
        }
        switch self {
        case .anchors(let known):
            return try known.verifyOrchestrator(leaf, now: now)
        case .fingerprint(let digest):
            let shown = try chain.dropFirst().map { try TrustAnchor($0) }
            guard let match = shown.first(where: { $0.fingerprint == digest }) else {
                throw PkiError.authorityMismatch(
                    presented: shown.last?.fingerprint.short ?? "not shown", pinned: digest.short)
            }
            try match.verifyOrchestrator(leaf, now: now)
            return match
        }
    }
}

/// What became of the check of a server's certificate.
final class ServerVerdict: Sendable {
    private let result = Mutex<Result<TrustAnchor, PkiError>?>(nil)

    func set(_ result: Result<TrustAnchor, PkiError>) { self.result.withLock { $0 = result } }
    var anchor: TrustAnchor? { try? result.withLock { $0 }?.get() }
    var error: PkiError? {
        if case .failure(let error)? = result.withLock({ $0 }) { error } else { nil }
    }
}
