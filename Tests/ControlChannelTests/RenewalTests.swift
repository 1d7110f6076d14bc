import L45Model
import Synchronization
import Testing

@testable import ControlChannel

@Suite("Certificate renewal", .timeLimit(.minutes(2)))
struct RenewalTests {
    /// What a client was told to keep, in order.
    private final class Kept: Sendable {
        let steps = Mutex<[IdentityStep]>([])
        var serials: [String] {
            steps.withLock {
                $0.map { step in
                    switch step {
                    case .renewed(let identity): "renewed \(identity.serial)"
                    case .used(let identity): "used \(identity.serial)"
                    case .trusting(let identity): "trusting \(identity.anchors.count)"
                    }
                }
            }
        }
    }

    @Test(
        "Two thirds through its certificate's life a device gets the next one for a new key, keeps it, and connects with it"
    )
    func renews() async throws {
        let bed = try await Bed()
        let identity = try bed.device(now: Timestamp.now() + .seconds(-70 * 86_400))
        let kept = Kept()
        let (client, first) = try await bed.connect(identity) {
            $0.keep = { step in kept.steps.withLock { $0.append(step) } }
        }
        #expect(bed.server.certificate(of: first)?.serial == identity.serial)
        let renewed = await client.events.first { if case .renewed(let identity) = $0 { identity } else { nil } }
        let next = try #require(renewed)
        #expect(next.device == identity.device)
        #expect(next.key.device != identity.key.device)
        #expect(next.expiresAt > identity.expiresAt + .seconds(60 * 86_400))
        let left: ControlChannel.ChannelEvent? = await bed.events.next()
        guard case .disconnected? = left else { throw Unexpected("still connected") }
        guard case .connected(let second, identity.device, _)? = await bed.events.next() else {
            throw Unexpected("it did not come back")
        }
        #expect(bed.server.certificate(of: second)?.serial == next.serial)
        let again = await client.events.first { if case .connected = $0 { true } else { nil } }
        #expect(again == true)
        // Kept before it was shown, and as the one in use before anything else was said.
        #expect(kept.serials == ["renewed \(next.serial)", "used \(next.serial)"])
        // Nothing is renewed again: the first word is the one that was sent.
        try bed.server.send(.reportWanted, to: second)
        guard case .message(.reportWanted)? = await client.events.next() else { throw Unexpected("renewed again") }
        await client.stop()
        await bed.server.stop()
    }

    @Test("A certificate that can not be kept is not used: the old one goes on")
    func diskFull() async throws {
        let bed = try await Bed()
        let identity = try bed.device(now: Timestamp.now() + .seconds(-70 * 86_400))
        let (client, session) = try await bed.connect(identity) {
            $0.keep = { _ in throw PkiError.file(path: "renewed.pem", operation: "write", reason: "disk full") }
        }
        client.client.send(.refused(Generation(1), reason: "still here"))
        guard case .message(session, _, .refused)? = await bed.events.next() else { throw Unexpected("gone") }
        await client.stop()
        await bed.server.stop()
    }

    @Test(
        "After a crash the renewed certificate is tried first, and the old one when the orchestrator does not take it")
    func fallsBack() async throws {
        let bed = try await Bed()
        let identity = try bed.device()
        let other = try CertificateAuthority.create(now: .now())
        let key = DeviceKey()
        let foreign = try other.grant(try key.signingRequest(), for: identity.device, now: .now())
        let unusable = try DeviceIdentity(
            key: key, certificatePEM: foreign.certificatePEM, anchors: [other.anchor, bed.authority.anchor])
        let client = bed.client(identity) { $0.renewed = unusable }
        #expect(await client.lost()?.contains("was not issued by") == true)
        guard case .connected(let session, identity.device, _)? = await bed.events.next() else {
            throw Unexpected("it did not connect with the old one")
        }
        #expect(bed.server.certificate(of: session)?.serial == identity.serial)
        await client.stop()
        await bed.server.stop()
    }

    @Test("A withdrawn certificate is refused by its serial; the device's other one is taken")
    func revoked() async throws {
        let revoked = Mutex<Set<String>>([])
        let bed = try await Bed {
            $0.isRevoked = { certificate in revoked.withLock { $0.contains(certificate.serial) } }
        }
        let identity = try bed.device()
        _ = revoked.withLock { $0.insert(identity.serial) }
        let key = DeviceKey()
        let grant = try bed.authority.grant(try key.signingRequest(), for: identity.device, now: .now())
        let next = try DeviceIdentity(key: key, certificatePEM: grant.certificatePEM, anchors: identity.anchors)
        let old = bed.client(identity)
        let dismissed = await old.events.first { if case .dismissed(let refusal) = $0 { refusal } else { nil } }
        #expect(dismissed?.code == .certificateRevoked)
        await old.stop()
        let (client, _) = try await bed.connect(next)
        await client.stop()
        await bed.server.stop()
    }

    @Test("The orchestrator's own certificate is renewed while it runs: new connections get the new one, old ones stay")
    func ownCertificate() async throws {
        let clock = Mutex(Timestamp.now())
        let bed = try await Bed { $0.now = { clock.withLock { $0 } } }
        let later = Timestamp.now() + .seconds(3 * 365 * 86_400)
        let (early, session) = try await bed.connect()
        // Past the end of the first certificate, by the clock of an agent that connects then.
        let late = try bed.device(now: later)
        clock.withLock { $0 = later }
        let client = bed.client(late) { $0.now = { later } }
        #expect(await client.lost()?.contains("expired") == true)
        try bed.server.use(
            try bed.authority.orchestratorIdentity(now: later), trusting: [bed.authority.anchor])
        guard case .connected(_, late.device, _)? = await bed.events.next() else { throw Unexpected("not connected") }
        try bed.server.send(.reportWanted, to: session)
        #expect(await early.message() == .reportWanted)
        await client.stop()
        await early.stop()
        await bed.server.stop()
    }

    @Test("A renewal that is refused leaves the connection and the old certificate in use")
    func refused() async throws {
        let bed = try await Bed { $0.renew = { _, _ in .failure(.unavailable(reason: "the store is closed")) } }
        let (client, session) = try await bed.connect(try bed.device(now: Timestamp.now() + .seconds(-70 * 86_400)))
        client.client.send(.refused(Generation(1), reason: "still here"))
        guard case .message(session, _, .refused)? = await bed.events.next() else { throw Unexpected("gone") }
        await client.stop()
        await bed.server.stop()
    }

    @Test("A request that does not prove its key is refused by the session, and so is asking without end")
    func unproved() throws {
        let device = DeviceKey().device
        var session = ServerSession(protocols: 1...1, isAllowed: { _ in true })
        #expect(session.handshakeDone(.device(device)) == [])
        _ = session.received(.hello(Bed.hello(), protocols: 1...1))
        _ = session.entered()
        var der = try DeviceKey().signingRequest().der
        der[der.count - 3] ^= 1
        let actions = session.received(.renew(signingRequest: der))
        guard case .send(let frame)? = actions.first, case .renewalRefused(let refused)? = frame.body else {
            throw Unexpected("\(actions)")
        }
        #expect(actions.count == 1)
        #expect(refused.value.code == .requestInvalid)
        for _ in 1..<ServerSession.renewalsMax {
            let request = try DeviceKey().signingRequest()
            #expect(session.received(.renew(signingRequest: request.der)) == [.renew(device, request)])
            _ = session.renewalDecided(.failure(.unavailable(reason: "")))
        }
        guard case .end(let end)? = session.received(.renew(signingRequest: der)).first else {
            throw Unexpected("still open")
        }
        #expect(end.code == .requestInvalid)
    }
}
