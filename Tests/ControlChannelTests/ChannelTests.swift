import L45Model
import NIOCore
import Testing

@testable import ControlChannel

@Suite("The device channel over real TLS", .timeLimit(.minutes(2)))
struct ChannelTests {
    @Test("A device says hello, gets its table, reports, and is seen to leave")
    func happy() async throws {
        let bed = try await Bed()
        let identity = try bed.device()
        let client = bed.client(identity, name: "resolver")
        guard case .connected(let session, let device, let hello)? = await bed.events.next() else {
            throw Unexpected("no connected event")
        }
        #expect(device == identity.device)
        var said = Bed.hello("resolver")
        said.trusts = [bed.authority.anchor.fingerprint]
        #expect(hello == said)
        guard case .connected? = await client.events.next() else { throw Unexpected("the client did not connect") }

        var random = Seeded(1)
        let table = DeviceTable(
            device: device, generation: Generation(7), modules: Sample.table(&random, modules: 3).modules)
        try bed.server.send(.welcome(device, reportEvery: .seconds(5)), to: session)
        try bed.server.send(.set(table), to: session)
        #expect(await client.message() == .welcome(device, reportEvery: .seconds(5)))
        #expect(await client.message() == .set(table))

        var report = Sample.report(&random)
        report.device = device
        #expect(client.client.send(.report(report)))
        guard case .message(session, device, .report(report))? = await bed.events.next() else {
            throw Unexpected("the report did not come")
        }
        await client.stop()
        guard case .disconnected(session, device, let reason)? = await bed.events.next() else {
            throw Unexpected("no disconnected event")
        }
        #expect(reason.contains("closed"))
        #expect(!client.client.send(.report(report)))
        await bed.server.stop()
        #expect(await bed.events.next() == nil)
    }

    @Test("One encoded frame reaches every session")
    func broadcast() async throws {
        let bed = try await Bed()
        var clients: [RunningClient] = []
        var sessions: [SessionID] = []
        for _ in 0..<8 {
            let (client, session) = try await bed.connect()
            clients.append(client)
            sessions.append(session)
        }
        bed.server.send(try EncodedFrame(.reportWanted), to: sessions)
        for client in clients { #expect(await client.message() == .reportWanted) }
        for client in clients { await client.stop() }
        await bed.server.stop()
    }

    @Test("A second connection takes over from one that no longer answers, and the first one's end is told before it")
    func supersede() async throws {
        let bed = try await Bed { $0.rivalMax = .milliseconds(50) }
        let identity = try bed.device()
        // It answers nothing, as a machine that lost its network.
        let first = try await RawPeer(bed, certificatePEM: identity.certificatePEM, key: identity.key)
        try await first.send(EncodedFrame(.hello(Bed.hello())).bytes)
        guard case .connected(let session, _, _)? = await bed.events.next() else { throw Unexpected("no hello") }
        let second = bed.client(identity)
        guard case .disconnected(session, identity.device, let reason)? = await bed.events.next() else {
            throw Unexpected("the first session did not end first")
        }
        #expect(reason.contains("superseded"))
        guard case .connected(let newer, identity.device, _)? = await bed.events.next() else {
            throw Unexpected("the second session did not begin")
        }
        #expect(newer != session)
        #expect(try await first.refusal().code == .superseded)
        try bed.server.send(.reportWanted, to: session)
        try bed.server.send(.artifactMissing(ArtifactReference(digest: Sample.digest, bytes: 1)), to: newer)
        guard case .artifactMissing? = await second.message() else { throw Unexpected("the stale session was used") }
        #expect(bed.server.sessionCount == 1)
        await second.stop()
        await bed.server.stop()
    }

    @Test("An agent finds its orchestrator again after a restart on the same port")
    func restart() async throws {
        let bed = try await Bed()
        let (client, _) = try await bed.connect()
        let port = bed.server.port
        await bed.server.stop()
        #expect(await client.lost()?.contains("stopping") == true)
        // While nobody listens, tries fail, and each is told.
        #expect(await client.lost()?.contains("cannot reach 127.0.0.1 port \(port)") == true)
        let again = try await Bed(authority: bed.authority, port: port)
        guard case .connected? = await again.events.next() else { throw Unexpected("it did not come back") }
        let connected = await client.events.first { if case .connected = $0 { true } else { nil } }
        #expect(connected == true)
        await client.stop()
        await again.server.stop()
    }

    @Test("A table that the agent's end can not read is refused by generation, and the connection goes on")
    func invalidTable() async throws {
        let bed = try await Bed()
        let (client, session) = try await bed.connect()
        let other = DeviceTable(device: Sample.device, generation: Generation(9), modules: [])
        try bed.server.send(.set(other), to: session)
        guard case .message(session, _, .refused(Generation(9), let reason))? = await bed.events.next() else {
            throw Unexpected("it was not refused")
        }
        #expect(reason.contains(Sample.device.rawValue))
        try bed.server.send(.reportWanted, to: session)
        #expect(await client.message() == .reportWanted)
        await client.stop()
        await bed.server.stop()
    }

    @Test("A report in another device's name ends the connection")
    func forgedReport() async throws {
        let bed = try await Bed()
        let (client, session) = try await bed.connect()
        var random = Seeded(1)
        client.client.send(.report(Sample.report(&random)))
        guard case .disconnected(session, _, let reason)? = await bed.events.next() else {
            throw Unexpected("it was taken")
        }
        #expect(reason.contains("another device"))
        #expect(await client.lost()?.contains("another device") == true)
        await client.stop()
        await bed.server.stop()
    }

    @Test("A device whose access was withdrawn is told so, now and when it comes back")
    func revoked() async throws {
        let bed = try await Bed()
        let identity = try bed.device()
        let (client, session) = try await bed.connect(identity)
        bed.revoked.insert(identity.device)
        bed.server.disconnect(session, EnrolmentRefusal.deviceNotAllowed(identity.device).refusal)
        guard case .disconnected(session, _, _)? = await bed.events.next() else { throw Unexpected("still there") }
        #expect(await client.lost()?.contains("not allowed") == true)
        #expect(await client.lost()?.contains("not allowed") == true)
        await client.stop()
        await bed.server.stop()
    }

    @Test("Ends that share no version of the protocol say so, with both ranges")
    func versions() async throws {
        let bed = try await Bed { $0.protocols = 2...3 }
        let client = bed.client(try bed.device())
        let reason = await client.lost()
        #expect(reason?.contains("1 to 1") == true && reason?.contains("2 to 3") == true)
        await client.stop()
        await bed.server.stop()
    }

    @Test("A message that is sent in the middle of a long file arrives before the file's end")
    func overtakes() async throws {
        let bed = try await Bed()
        let (client, session) = try await bed.connect()
        // Past what sockets hold, so that most of it still waits when the message is sent.
        let bytes = 32 << 20
        let reference = ArtifactReference(digest: Sample.digest, bytes: bytes)
        let file = try EncodedArtifact(reference, content: ByteBuffer(repeating: 0x5a, count: bytes))
        bed.server.send(file, from: 0, to: session)
        var have = 0
        var overtakenAt: Int?
        while have < bytes {
            switch await client.message() {
            case .artifactChunk(reference, let offset, let content)?:
                #expect(offset == have)
                if have == 0 { try bed.server.send(.reportWanted, to: session) }
                have += content.readableBytes
            case .reportWanted?: overtakenAt = have
            case let other: throw Unexpected("\(String(describing: other))")
            }
        }
        #expect(try #require(overtakenAt) < bytes)
        await client.stop()
        await bed.server.stop()
    }
}
