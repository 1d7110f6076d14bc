import Foundation
import L45Model
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing

@testable import ControlChannel

@Suite("The operators' door for other machines", .timeLimit(.minutes(2)))
struct OperatorDoorTests {
    private let authority: CertificateAuthority

    init() throws { authority = try CertificateAuthority.create(now: .now()) }

    /// Answers `version` with who asked; what passes the door and what does not is what is looked at here.
    private struct Echo: OperatorService {
        func answer(_ request: APIRequest) async -> APIResponse { .failure(APIFailure(.internalError, "nobody asked")) }
        func answer(_ request: APIRequest, by caller: Caller) async -> APIResponse {
            .failure(APIFailure(.conflict, "\(request.verb) by \(caller.name)"))
        }
    }

    /// Admits whoever shows this token, and certificates of this name.
    private func admission(_ token: OperatorToken?) -> OperatorAdmission {
        { proof, from in
            switch proof {
            case .token(let id, let hash) where id == token?.id && hash == token?.secretDigest:
                .success(Caller(name: "tom", means: .token, from: from, role: .view))
            case .certificate(let name, _) where name == "carol":
                .success(Caller(name: name, means: .certificate, from: from, role: .view))
            default: .failure(APIFailure(.notPermitted, "nobody is known by that"))
            }
        }
    }

    private func serving<Value: Sendable>(
        token: OperatorToken? = nil, greetingMax: Span = .seconds(20), strangersMax: Int = 64,
        _ body: @Sendable @escaping (_ port: Int) async throws -> Value
    ) async throws -> Value {
        let server = try await RemoteOperatorServer.bind(
            RemoteOperatorServer<Echo>.Configuration(
                host: "127.0.0.1", port: 0, identity: try authority.orchestratorIdentity(now: .now()),
                greetingMax: greetingMax, strangersMax: strangersMax),
            service: Echo(), admit: admission(token), logger: Bed.logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            return try await body(server.port)
        }
    }

    /// TLS and bytes, and no more: gives what came until the other end closed.
    private func say(
        _ frames: [ByteBuffer], to port: Int, certificate: (pem: String, key: DeviceKey)? = nil,
        highest: TLSVersion? = nil
    ) async throws -> String {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.maximumTLSVersion = highest
        if let certificate {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.pem.utf8)).map {
                .certificate($0)
            }
            configuration.privateKey = .privateKey(
                try NIOSSLPrivateKey(bytes: Array(certificate.key.pem.utf8), format: .pem))
        }
        let context = try NIOSSLContext(configuration: configuration)
        let heard = Heard()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        try NIOSSLClientHandler(context: context, serverHostname: nil), HeardHandler(heard),
                    ])
                }
            }.connect(host: "127.0.0.1", port: port).get()
        for frame in frames { channel.writeAndFlush(frame, promise: nil) }
        try await channel.closeFuture.get()
        return heard.text
    }

    private func frame(_ json: String) -> ByteBuffer {
        var buffer = ByteBuffer(integer: UInt32(json.utf8.count))
        buffer.writeString(json)
        return buffer
    }

    private let bare = #"{"api":"l45/v1","body":{},"verb":"authenticate"}"#

    @Test("Who shows the token is answered under his name; the request is not read before")
    func token() async throws {
        let token = OperatorToken(for: authority.anchor)
        let answer = try await serving(token: token) { port in
            try await OperatorClient(.remote(host: "127.0.0.1", port: port, credential: .token(token))).call(.version)
        }
        guard case .failure(let failure) = answer else { throw Unexpected("\(answer)") }
        #expect(failure.message == "version by tom")
        #expect(try OperatorToken(token.text) == token)
    }

    @Test("Without certificate or token, with nonsense, with a request before a greeting: refused in words, hung up on")
    func strangers() async throws {
        try await serving { port in
            #expect(try await say([frame(bare)], to: port).contains("neither a certificate nor a token was shown"))
            let rude = try await say([frame(#"{"api":"l45/v1","verb":"version"}"#)], to: port)
            #expect(rude.contains("begins with 'authenticate'"))
            #expect(try await say([frame("nonsense")], to: port).contains("not-permitted"))
            let token = #"{"api":"l45/v1","body":{"token":"l45op-secretly"},"verb":"authenticate"}"#
            let wrong = try await say([frame(token), frame(#"{"api":"l45/v1","verb":"version"}"#)], to: port)
            #expect(wrong.contains("nobody is known by that token"))
            #expect(!wrong.contains("secretly") && !wrong.contains("version by"))
        }
    }

    @Test("A greeting is bounded at 16 KiB, and none may be in an older TLS")
    func bounds() async throws {
        try await serving { port in
            let long = try await say([ByteBuffer(integer: UInt32(16_385))], to: port)
            #expect(long.contains("a greeting has at most 16384 bytes"))
            #expect(try await say([frame(bare)], to: port, highest: .tlsv12).isEmpty)
        }
    }

    @Test("A certificate of another authority, and a device's own, are refused and say why")
    func certificates() async throws {
        let key = DeviceKey()
        let request = try key.signingRequest()
        let other = try CertificateAuthority.create(now: .now())
        let foreign = try other.operatorCertificate(for: request, name: "carol", lifetime: .seconds(60), now: .now())
        let device = try authority.grant(request, now: .now()).certificatePEM
        let old = try authority.operatorCertificate(
            for: request, name: "carol", lifetime: .seconds(60), now: Timestamp(1_700_000_000_000))
        let good = try authority.operatorCertificate(for: request, name: "carol", lifetime: .seconds(60), now: .now())
        let replaced = try authority.operatorCertificate(
            for: request, name: "dave", lifetime: .seconds(60), now: .now())
        try await serving { port in
            for (pem, words) in [
                (foreign, "was not issued by this orchestrator's authority"), (device, "is not one of an operator"),
                (old, "expired at 2023-11"), (replaced, "nobody is known by that"),
            ] {
                let said = try await say([frame(bare)], to: port, certificate: (pem, key))
                #expect(said.contains(words), "\(said)")
            }
            let file = try OperatorKeyFile(
                key.pem + "\n" + good + "\n" + authority.certificatePEM, path: "carol.pem")
            let client = OperatorClient(.remote(host: "127.0.0.1", port: port, credential: .certificate(file)))
            guard case .failure(let failure) = try await client.call(.version) else { throw Unexpected("no answer") }
            #expect(failure.message == "version by carol")
        }
    }

    @Test("Who says nothing is hung up on, and holds no place for ever")
    func mute() async throws {
        let token = OperatorToken(for: authority.anchor)
        try await serving(token: token, greetingMax: .milliseconds(500), strangersMax: 2) { port in
            // The time limit of the suite is what this fails by.
            for _ in 0..<3 { _ = try await say([], to: port) }
            let client = OperatorClient(.remote(host: "127.0.0.1", port: port, credential: .token(token)))
            guard case .failure(let failure) = try await client.call(.version) else { throw Unexpected("no answer") }
            #expect(failure.message == "version by tom")
        }
    }

    @Test("A key file without key, certificate or authority says which is missing; a cut token says which part")
    func files() throws {
        let key = DeviceKey()
        let certificate = try authority.operatorCertificate(
            for: try key.signingRequest(), name: "carol", lifetime: .seconds(60), now: .now())
        for (text, words) in [
            ("", "it holds no private key"), (key.pem, "it lacks the operator's certificate"),
            (key.pem + "\n" + certificate, "or the authority's"),
            (
                DeviceKey().pem + "\n" + certificate + "\n" + authority.certificatePEM,
                "it lacks the operator's certificate"
            ),
        ] {
            let error = #expect(throws: PkiError.self) { try OperatorKeyFile(text, path: "x.pem") }
            #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        }
        let text = OperatorToken(for: authority.anchor).text
        for (cut, words) in [
            (String(text.dropLast(3)), "its fingerprint is damaged"),
            ("l45-" + text.dropFirst(6), "does not begin with"),
            (text.replacing(".", with: ""), "1 parts where 3"), ("l45op-1" + text.dropFirst(7), "its id is damaged"),
        ] {
            let error = #expect(throws: PkiError.self) { try OperatorToken(cut) }
            #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        }
    }
}

/// What came, from the event loop to the test.
private final class Heard: Sendable {
    private let bytes = Mutex("")
    var text: String { bytes.withLock { $0 } }
    func add(_ more: String) { bytes.withLock { $0 += more } }
}

private final class HeardHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let heard: Heard

    init(_ heard: Heard) { self.heard = heard }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { heard.add(String(buffer: unwrapInboundIn(data))) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
