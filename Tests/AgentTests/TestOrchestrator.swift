import ControlChannel
import L45Model
import Logging
import Testing

/// A real server of the device channel on a free loopback port, which says what the test says.
final class TestOrchestrator: Sendable {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    let authority: CertificateAuthority
    let server: ChannelServer
    let token: EnrolmentToken
    private let events: EventReader

    /// - Parameters:
    ///   - authority: of an orchestrator that was there before; a new one when nil.
    ///   - port: 0, any.
    ///   - token: the one that admits; a new one when nil.
    init(authority: CertificateAuthority? = nil, port: Int = 0, token: EnrolmentToken? = nil) async throws {
        let authority = try authority ?? CertificateAuthority.create(now: .now())
        let token = token ?? EnrolmentToken(for: authority.anchor)
        let configuration = ChannelServerConfiguration(
            host: "127.0.0.1", port: port, identity: try authority.orchestratorIdentity(now: .now()),
            enrol: { request in
                guard request.tokenID == token.id, request.tokenSecret == token.secret else {
                    return .failure(.tokenUnknown(id: request.tokenID))
                }
                do {
                    return .success(try authority.grant(request.signingRequest, now: .now()))
                } catch { return .failure(.unavailable(reason: "\(error)")) }
            },
            renew: { _, _ in .failure(.unavailable(reason: "not in this test")) }, isAllowed: { _ in true })
        self.authority = authority
        self.token = token
        server = try await ChannelServer.start(configuration, logger: Self.logger)
        events = EventReader(server.events)
    }

    /// One event after the other; those that `pick` does not take are passed over.
    func first<Value: Sendable>(_ pick: @Sendable (ChannelEvent) -> Value?) async throws -> Value {
        try #require(await events.first(pick), "the server ended")
    }

    /// Awaits a device, welcomes it.
    func device() async throws -> (session: SessionID, device: DeviceID, hello: AgentHello) {
        let found: (SessionID, DeviceID, AgentHello) = try await first {
            if case .connected(let session, let device, let hello) = $0 { (session, device, hello) } else { nil }
        }
        try server.send(.welcome(found.1, reportEvery: .seconds(60)), to: found.0)
        return found
    }

    func message<Value: Sendable>(_ pick: @escaping @Sendable (AgentMessage) -> Value?) async throws -> Value {
        try await first { if case .message(_, _, let message) = $0 { pick(message) } else { nil } }
    }

    /// The next report of this generation.
    func report(_ generation: UInt64) async throws -> DeviceReport {
        try await message { message in
            if case .report(let report) = message, report.generation == Generation(generation) { report } else { nil }
        }
    }
}

/// One event after the other.
actor EventReader {
    private var iterator: AsyncStream<ChannelEvent>.Iterator
    init(_ stream: AsyncStream<ChannelEvent>) { iterator = stream.makeAsyncIterator() }

    func first<Value: Sendable>(_ pick: @Sendable (ChannelEvent) -> Value?) async -> Value? {
        var copy = iterator
        defer { iterator = copy }
        while let event = await copy.next(isolation: self) {
            if let value = pick(event) { return value }
        }
        return nil
    }
}
