import L45Model
import Logging
import NIOCore
import Synchronization
import Testing

@testable import ControlChannel

/// An authority, a server of it on a free loopback port, and devices for it: real TLS over real sockets.
final class Bed: Sendable {
    static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    let authority: CertificateAuthority
    let server: ChannelServer
    let events: Events<ControlChannel.ChannelEvent>
    let revoked: Revoked

    /// Devices whose access was withdrawn.
    final class Revoked: Sendable {
        private let ids = Mutex<Set<DeviceID>>([])
        func insert(_ id: DeviceID) { _ = ids.withLock { $0.insert(id) } }
        func contains(_ id: DeviceID) -> Bool { ids.withLock { $0.contains(id) } }
    }

    init(
        authority: CertificateAuthority? = nil, port: Int = 0,
        adjust: (inout ChannelServerConfiguration) -> Void = { _ in },
        enrol: (@Sendable (EnrolmentRequest) async -> Result<EnrolmentGrant, EnrolmentRefusal>)? = nil
    ) async throws {
        let authority = try authority ?? CertificateAuthority.create(now: .now())
        let revoked = Revoked()
        var configuration = ChannelServerConfiguration(
            host: "127.0.0.1", port: port, identity: try authority.orchestratorIdentity(now: .now()),
            enrol: enrol ?? { .failure(.tokenUnknown(id: $0.tokenID)) },
            renew: { device, request in
                do {
                    return .success(try authority.grant(request, for: device, now: .now()))
                } catch {
                    return .failure(.unavailable(reason: "\(error)"))
                }
            },
            isAllowed: { !revoked.contains($0) })
        adjust(&configuration)
        self.authority = authority
        self.revoked = revoked
        server = try await ChannelServer.start(configuration, logger: Self.logger)
        events = Events(server.events)
    }

    /// A device that was enrolled before.
    func device(now: Timestamp = .now()) throws -> DeviceIdentity {
        try Self.device(of: authority, now: now)
    }

    static func device(of authority: CertificateAuthority, now: Timestamp = .now()) throws -> DeviceIdentity {
        let key = DeviceKey()
        let grant = try authority.grant(try key.signingRequest(), now: now)
        return try DeviceIdentity(key: key, certificatePEM: grant.certificatePEM, authorityPEM: grant.authorityPEM)
    }

    static func hello(_ name: String = "probe", ledger: UInt64 = 0) -> AgentHello {
        AgentHello(
            facts: DeviceFacts(name: name, labels: ["app": "dns"]), bootID: "boot-1",
            ledgerGeneration: Generation(ledger))
    }

    func client(
        _ identity: DeviceIdentity, name: String = "probe",
        adjust: (inout ChannelClientConfiguration) -> Void = { _ in }
    ) -> RunningClient {
        var configuration = ChannelClientConfiguration(
            host: "127.0.0.1", port: server.port, identity: identity,
            reconnect: ReconnectDelay(first: .milliseconds(5), max: .milliseconds(50)), hello: { Self.hello(name) })
        adjust(&configuration)
        return RunningClient(configuration)
    }

    /// Connects a client and awaits both ends' word that it is.
    func connect(
        _ identity: DeviceIdentity? = nil, adjust: (inout ChannelClientConfiguration) -> Void = { _ in }
    ) async throws -> (RunningClient, SessionID) {
        let client = client(try identity ?? device(), adjust: adjust)
        guard case .connected(let session, _, _)? = await events.next() else { throw Unexpected("no connected event") }
        guard case .connected? = await client.events.next() else { throw Unexpected("the client did not connect") }
        return (client, session)
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// One event after the other.
actor Events<Event: Sendable> {
    private var iterator: AsyncStream<Event>.Iterator
    init(_ stream: AsyncStream<Event>) { iterator = stream.makeAsyncIterator() }

    func next() async -> Event? {
        var copy = iterator
        let event = await copy.next(isolation: self)
        iterator = copy
        return event
    }

    /// The next event that `pick` takes; those before it are passed over.
    func first<Value: Sendable>(_ pick: @Sendable (Event) -> Value?) async -> Value? {
        while let event = await next() {
            if let value = pick(event) { return value }
        }
        return nil
    }
}

/// A client with its `run` under way.
final class RunningClient: Sendable {
    let client: ChannelClient
    let events: Events<ClientEvent>
    private let task: Task<Void, Never>

    init(_ configuration: ChannelClientConfiguration) {
        let client = ChannelClient(configuration, logger: Bed.logger)
        self.client = client
        events = Events(client.events)
        task = Task { await client.run() }
    }

    func stop() async {
        task.cancel()
        await task.value
    }

    /// Why the connection, or the try, failed.
    func lost() async -> String? {
        await events.first { if case .disconnected(let reason, _) = $0 { reason } else { nil } }
    }

    func message() async -> OrchestratorMessage? {
        await events.first { if case .message(let message) = $0 { message } else { nil } }
    }
}
