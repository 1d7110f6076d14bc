import L45Model
import NIOCore
import Synchronization
import Testing

@testable import ControlChannel

/// Tokens as an orchestrator keeps them: by digest, used once, by one device.
private final class Tokens: Sendable {
    private struct Entry {
        var secret: Digest
        var expires: Timestamp
        var usedBy: DeviceID?
    }
    private let entries = Mutex<[String: Entry]>([:])

    func add(_ token: EnrolmentToken, expires: Timestamp = .now() + .seconds(60)) {
        entries.withLock { $0[token.id] = Entry(secret: token.secretDigest, expires: expires) }
    }

    func redeem(
        _ request: EnrolmentRequest, _ authority: CertificateAuthority
    ) -> Result<EnrolmentGrant, EnrolmentRefusal> {
        let refusal = entries.withLock { entries -> EnrolmentRefusal? in
            guard let entry = entries[request.tokenID],
                entry.secret == EnrolmentToken.digest(ofSecret: request.tokenSecret)
            else { return .tokenUnknown(id: request.tokenID) }
            if let device = entry.usedBy, device != request.device {
                return .tokenUsed(id: request.tokenID, by: device)
            }
            guard entry.expires > .now() else { return .tokenExpired(id: request.tokenID, at: entry.expires) }
            entries[request.tokenID]?.usedBy = request.device
            return nil
        }
        if let refusal { return .failure(refusal) }
        do {
            return .success(try authority.grant(request.signingRequest, now: .now()))
        } catch {
            return .failure(.unavailable(reason: "\(error)"))
        }
    }
}

@Suite("Enrolment", .timeLimit(.minutes(2)))
struct EnrolmentTests {
    private func bed(_ tokens: Tokens) async throws -> Bed {
        let authority = try CertificateAuthority.create(now: .now())
        return try await Bed(authority: authority, enrol: { tokens.redeem($0, authority) })
    }

    private func enrol(
        _ bed: Bed, _ token: EnrolmentToken, _ key: DeviceKey = DeviceKey()
    ) async throws -> DeviceIdentity {
        try await Enroller.enrol(
            host: "127.0.0.1", port: bed.server.port, token: token, key: key, hostName: "probe", logger: Bed.logger)
    }

    @Test("A token turns a key into a device that the channel takes")
    func happy() async throws {
        let tokens = Tokens()
        let bed = try await bed(tokens)
        let token = EnrolmentToken(for: bed.authority.anchor)
        tokens.add(token)
        let identity = try await enrol(bed, try EnrolmentToken(token.text))
        let (client, _) = try await bed.connect(identity)
        await client.stop()
        await bed.server.stop()
    }

    @Test("The same device may ask again; another one may not use its token")
    func reused() async throws {
        let tokens = Tokens()
        let bed = try await bed(tokens)
        let token = EnrolmentToken(for: bed.authority.anchor)
        tokens.add(token)
        let key = DeviceKey()
        let first = try await enrol(bed, token, key)
        let second = try await enrol(bed, token, key)
        #expect(first.device == second.device)
        let error = await #expect(throws: ChannelRefusal.self) { _ = try await enrol(bed, token) }
        #expect(error?.code == .tokenUsed)
        // Who used it is the operator's to know, not that of whoever found the token.
        #expect(error?.text.contains(first.device.rawValue) == false)
        await bed.server.stop()
    }

    @Test("An expired token and one that was never made are told apart")
    func expired() async throws {
        let tokens = Tokens()
        let bed = try await bed(tokens)
        let old = EnrolmentToken(for: bed.authority.anchor)
        tokens.add(old, expires: Timestamp(1_700_000_000_000))
        let expired = await #expect(throws: ChannelRefusal.self) { _ = try await enrol(bed, old) }
        #expect(expired?.code == .tokenExpired)
        #expect(expired?.text.contains("2023-11-14T22:13:20Z") == true)
        let unknown = await #expect(throws: ChannelRefusal.self) {
            _ = try await enrol(bed, EnrolmentToken(for: bed.authority.anchor))
        }
        #expect(unknown?.code == .tokenUnknown)
        await bed.server.stop()
    }

    @Test("A token of another orchestrator is found out before anything is said to the wrong one")
    func otherOrchestrator() async throws {
        let tokens = Tokens()
        let asked = Mutex(0)
        let authority = try CertificateAuthority.create(now: .now())
        let bed = try await Bed(
            authority: authority,
            enrol: { request in
                asked.withLock { $0 += 1 }
                return tokens.redeem(request, authority)
            })
        let token = EnrolmentToken(for: try CertificateAuthority.create(now: .now()).anchor)
        let error = await #expect(throws: PkiError.self) { _ = try await enrol(bed, token) }
        guard case .authorityMismatch? = error else { throw Unexpected("\(String(describing: error))") }
        #expect(asked.withLock { $0 } == 0)
        await bed.server.stop()
    }

    @Test("When nobody answers, the reason is not the token")
    func unreachable() async throws {
        let tokens = Tokens()
        let bed = try await bed(tokens)
        let token = EnrolmentToken(for: bed.authority.anchor)
        await bed.server.stop()
        let error = await #expect(throws: (any Error).self) { _ = try await enrol(bed, token) }
        #expect(!(error is ChannelRefusal) && !(error is PkiError))
    }
}
