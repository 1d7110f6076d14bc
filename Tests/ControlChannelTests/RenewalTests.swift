import L45Model
import Testing

@testable import ControlChannel

@Suite("Certificate renewal", .timeLimit(.minutes(2)))
struct RenewalTests {
    @Test("Two thirds through its certificate's life a device gets the next one over the channel, for the same key")
    func renews() async throws {
        let bed = try await Bed()
        let issued = Timestamp.now() + .seconds(-70 * 86_400)
        let identity = try bed.device(now: issued)
        let (client, _) = try await bed.connect(identity)
        let renewed = await client.events.first { if case .renewed(let identity) = $0 { identity } else { nil } }
        let next = try #require(renewed)
        #expect(next.device == identity.device)
        #expect(next.expiresAt > identity.expiresAt + .seconds(60 * 86_400))
        await client.stop()
        // The new one opens a channel, on which nothing is renewed: the first word is the one that was sent.
        let left: ControlChannel.ChannelEvent? = await bed.events.next()
        guard case .disconnected? = left else { throw Unexpected("still connected") }
        let (again, session) = try await bed.connect(next)
        try bed.server.send(.reportWanted, to: session)
        guard case .message(.reportWanted)? = await again.events.next() else { throw Unexpected("renewed again") }
        await again.stop()
        await bed.server.stop()
    }

    @Test("A renewal that is refused leaves the connection and the old certificate in use")
    func refused() async throws {
        let bed = try await Bed { $0.renew = { _ in .failure(.unavailable(reason: "the store is closed")) } }
        let (client, session) = try await bed.connect(try bed.device(now: Timestamp.now() + .seconds(-70 * 86_400)))
        client.client.send(.refused(Generation(1), reason: "still here"))
        guard case .message(session, _, .refused)? = await bed.events.next() else { throw Unexpected("gone") }
        await client.stop()
        await bed.server.stop()
    }

    @Test("A request for another key than the connection's is refused by the session, and nothing is issued")
    func otherKey() throws {
        let device = DeviceKey().device
        var session = ServerSession(protocols: 1...1, isAllowed: { _ in true })
        #expect(session.handshakeDone(.device(device)) == [])
        _ = session.received(.hello(Bed.hello(), protocols: 1...1))
        let actions = session.received(.renew(signingRequest: try DeviceKey().signingRequest().der))
        guard case .send(let frame)? = actions.first, case .renewalRefused(let refused)? = frame.body else {
            throw Unexpected("\(actions)")
        }
        #expect(actions.count == 1)
        #expect(refused.value.code == .requestInvalid)
        #expect(refused.text.contains(device.rawValue))
    }
}
