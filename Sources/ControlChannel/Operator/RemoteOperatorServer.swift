import Foundation
package import L45Model
package import Logging
import NIOCore
import NIOPosix
import NIOSSL
import SwiftASN1
import Synchronization
import X509

/// Serves the operator API to other machines, over TLS 1.3 with the orchestrator's own certificate. Who asks shows a
/// certificate of the same authority, or a token.
package struct RemoteOperatorServer<Service: OperatorService>: Sendable {
    package struct Configuration: Sendable {
        package var host: String
        /// 0: any free one.
        package var port: Int
        package var identity: OrchestratorIdentity
        /// TLS and greeting must be over by then.
        package var greetingMax: Span
        /// Connections that have not said who they are; one more is closed at once.
        package var strangersMax: Int
        package var now: @Sendable () -> Timestamp

        package init(
            host: String, port: Int, identity: OrchestratorIdentity, greetingMax: Span = .seconds(10),
            strangersMax: Int = 64, now: @escaping @Sendable () -> Timestamp = { .now() }
        ) {
            self.host = host
            self.port = port
            self.identity = identity
            self.greetingMax = greetingMax
            self.strangersMax = strangersMax
            self.now = now
        }
    }

    private typealias Listener = NIOAsyncChannel<Accepted, Never>

    private let configuration: Configuration
    private let listener: Listener
    private let desk: OperatorDesk<Service>
    private let strangers: Strangers
    private let logger: Logger
    package var port: Int { listener.channel.localAddress?.port ?? 0 }

    /// Listens; from here on connections queue in the kernel until `run`.
    package static func bind(
        _ configuration: Configuration, service: Service, admit: @escaping OperatorAdmission, logger: Logger
    ) async throws -> RemoteOperatorServer {
        let tls = try TLS.serverContext(configuration.identity, trusting: [configuration.identity.anchor])
        let strangers = Strangers(most: configuration.strangersMax)
        let limit = configuration.greetingMax.timeAmount
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .bind(host: configuration.host, port: configuration.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = TLS.serverHandler(tls)
                    try channel.pipeline.syncOperations.addHandler(handler)
                    let decoder = FrameDecoder(payloadBytesMax: Frame.strangerBytesMax)
                    let connection = try OperatorConnection(channel, decoder: decoder)
                    let isWelcome = strangers.enter()
                    if !isWelcome { channel.close(promise: nil) }
                    let clock = channel.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
                    return Accepted(
                        connection: connection, tls: NIOLoopBound(handler, eventLoop: channel.eventLoop),
                        decoder: NIOLoopBound(decoder, eventLoop: channel.eventLoop), clock: clock,
                        isWelcome: isWelcome)
                }
            }
        return RemoteOperatorServer(
            configuration: configuration, listener: listener, desk: OperatorDesk(service: service, admit: admit),
            strangers: strangers, logger: logger)
    }

    /// Accepts and answers until the task is cancelled. To be called once.
    package func run() async throws {
        try await listener.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await accepted in connections {
                    group.addTask { await serve(accepted) }
                }
            }
        }
    }

    private func serve(_ accepted: Accepted) async {
        let connection = accepted.connection
        // TLS ends when the other end has said so too, and that has to be read.
        defer {
            connection.channel.setOption(.autoRead, value: true).whenComplete { _ in
                connection.channel.close(promise: nil)
            }
        }
        guard accepted.isWelcome else { return }
        let from = connection.channel.remoteAddress?.hostAndPort ?? "unknown"
        var frames = connection.frames.makeAsyncIterator()
        let proof: OperatorProof
        do {
            defer { strangers.leave() }
            guard let first = await frames.next() else { return accepted.clock.cancel() }
            do throws(APIFailure) {
                proof = try await greet(first, accepted)
                let caller = try await desk.admit(proof, from).get()
                accepted.clock.cancel()
                let decoder = accepted.decoder
                let channel = connection.channel
                let welcome = try Self.frame(OperatorGreeting.Welcome(caller), channel.allocator)
                try await Self.untroubled {
                    try await channel.eventLoop.submit { decoder.value.payloadBytesMax = APIVersion.frameBytesMax }
                        .get()
                    try await connection.answer(welcome)
                }
            } catch {
                accepted.clock.cancel()
                logger.warning("operator refused", metadata: ["from": "\(from)", "reason": "\(error.message)"])
                await say(.failure(error), on: connection)
                return
            }
        }
        while let frame = await frames.next() {
            let (response, last) = await desk.respond(to: frame, proof, from: from)
            guard await say(response, on: connection), !last else { return }
        }
    }

    /// - Returns: false when the connection is lost.
    @discardableResult
    private func say(_ response: APIResponse, on connection: OperatorConnection) async -> Bool {
        do {
            try await connection.answer(OperatorDesk<Service>.encode(response, connection.channel.allocator))
            return true
        } catch {
            logger.debug("operator's connection lost", metadata: ["error": "\(error)"])
            return false
        }
    }

    private static func frame(
        _ welcome: OperatorGreeting.Welcome, _ allocator: ByteBufferAllocator
    ) throws(APIFailure) -> ByteBuffer {
        do { return try APIFrame.encode(welcome, allocator: allocator) } catch {
            throw APIFailure(.internalError, "the welcome could not be written")
        }
    }

    private static func untroubled(_ body: () async throws -> Void) async throws(APIFailure) {
        do { try await body() } catch { throw APIFailure(.unavailable, "the connection was lost") }
    }

    /// Who the peer says that he is, and shows that he has.
    private func greet(_ frame: APIFrame, _ accepted: Accepted) async throws(APIFailure) -> OperatorProof {
        guard case .bytes(let bytes) = frame else {
            throw APIFailure(.tooLong, "a greeting has at most \(Frame.strangerBytesMax) bytes")
        }
        let greeting = try OperatorGreeting.decode(Data(bytes.readableBytesView))
        if let text = greeting.body.token {
            // The token is not repeated: most of it may be right.
            guard let token = try? OperatorToken(text) else { throw Self.unknown }
            return .token(id: token.id, secretHash: token.secretDigest)
        }
        let tls = accepted.tls
        let shown = try? await accepted.connection.channel.eventLoop.submit {
            try tls.value.peerCertificate?.toDERBytes()
        }
        .get()
        guard let der = shown, let certificate = try? Certificate(derEncoded: der) else {
            throw APIFailure(
                .notPermitted, "neither a certificate nor a token was shown",
                hint: "give l45 one of --certificate and --token-file")
        }
        do {
            let shown = try configuration.identity.anchor.verifyOperator(certificate, now: configuration.now())
            return .certificate(name: shown.name, key: shown.key)
        } catch {
            throw APIFailure(.notPermitted, "\(error)")
        }
    }

    private static var unknown: APIFailure {
        APIFailure(
            .notPermitted, "nobody is known by that token", hint: "an administrator makes one with 'l45 operator add'")
    }
}

/// One connection that was accepted.
private struct Accepted: Sendable {
    let connection: OperatorConnection
    let tls: NIOLoopBound<NIOSSLServerHandler>
    let decoder: NIOLoopBound<FrameDecoder>
    let clock: Scheduled<Void>
    let isWelcome: Bool
}

/// How many have not said who they are.
private final class Strangers: Sendable {
    private let count = Mutex(0)
    private let most: Int

    init(most: Int) { self.most = most }

    func enter() -> Bool {
        count.withLock { count in
            guard count < most else { return false }
            count += 1
            return true
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}
