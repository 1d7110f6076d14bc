import Foundation
import L45Model
import SwiftASN1
import Testing
import X509

@testable import ControlChannel

@Suite("Certificates and tokens")
struct PkiTests {
    let now = Timestamp(1_760_000_000_000)

    @Test("An authority comes back from its PEM and goes on issuing")
    func authority() throws {
        let authority = try CertificateAuthority.create(now: now)
        let again = try CertificateAuthority(certificatePEM: authority.certificatePEM, keyPEM: authority.keyPEM)
        #expect(again.anchor.fingerprint == authority.anchor.fingerprint)
        let key = DeviceKey()
        let grant = try again.grant(try key.signingRequest(), now: now)
        let identity = try DeviceIdentity(
            key: key, certificatePEM: grant.certificatePEM, authorityPEM: authority.certificatePEM)
        #expect(identity.device == key.device)
        #expect(key.device.isWellFormed)
        #expect(identity.expiresAt == now + .seconds(90 * 86_400))
        #expect(identity.renewAt > now + .seconds(59 * 86_400) && identity.renewAt < now + .seconds(61 * 86_400))
    }

    @Test("A key of another authority is not taken for this one's")
    func wrongKey() throws {
        let one = try CertificateAuthority.create(now: now)
        let two = try CertificateAuthority.create(now: now)
        #expect(throws: PkiError.self) {
            _ = try CertificateAuthority(certificatePEM: one.certificatePEM, keyPEM: two.keyPEM)
        }
    }

    @Test("Each certificate passes for its own role, in its own time, of its own authority, and for nothing else")
    func roles() throws {
        let authority = try CertificateAuthority.create(now: now)
        let other = try CertificateAuthority.create(now: now)
        let device = try Certificate(pemEncoded: Bed.device(of: authority, now: now).certificatePEM)
        let orchestrator = try Certificate(pemEncoded: authority.orchestratorIdentity(now: now).certificatePEM)
        _ = try authority.anchor.verifyDevice(device, now: now)
        try authority.anchor.verifyOrchestrator(orchestrator, now: now)

        let asServer = #expect(throws: PkiError.self) { try authority.anchor.verifyOrchestrator(device, now: now) }
        #expect("\(try #require(asServer))".contains("not one of an orchestrator"))
        let asDevice = #expect(throws: PkiError.self) { try authority.anchor.verifyDevice(orchestrator, now: now) }
        guard case .wrongRole? = asDevice else { throw Unexpected("\(String(describing: asDevice))") }
        let foreign = #expect(throws: PkiError.self) { try other.anchor.verifyDevice(device, now: now) }
        guard case .otherAuthority? = foreign else { throw Unexpected("\(String(describing: foreign))") }
        let late = #expect(throws: PkiError.self) {
            try authority.anchor.verifyDevice(device, now: now + .seconds(91 * 86_400))
        }
        guard case .expired? = late else { throw Unexpected("\(String(describing: late))") }
        let early = #expect(throws: PkiError.self) {
            try authority.anchor.verifyDevice(device, now: now + .seconds(-2 * 86_400))
        }
        guard case .notYetValid? = early else { throw Unexpected("\(String(describing: early))") }
    }

    @Test("A signing request that was tampered with proves nothing")
    func tampered() throws {
        let request = try DeviceKey().signingRequest()
        var refused = 0
        for at in request.der.indices {
            var bytes = request.der
            bytes[at] ^= 1
            if let taken = try? SigningRequest(der: bytes) {
                // The padding of the signature's bit string is not covered by it; all that is signed is the same.
                #expect(taken.device == request.device)
            } else {
                refused += 1
            }
        }
        #expect(refused >= request.der.count - 1)
        #expect(throws: PkiError.self) { _ = try SigningRequest(der: Array(repeating: 0x30, count: 5000)) }
    }

    @Test("A token survives copying, and every damaged part is told apart")
    func tokens() throws {
        let authority = try CertificateAuthority.create(now: now)
        let token = EnrolmentToken(for: authority.anchor)
        #expect(try EnrolmentToken("  " + token.text + "\n") == token)
        #expect(try EnrolmentToken("l45-" + token.text.dropFirst(4).uppercased()) == token)
        #expect(!"\(token)".contains(token.text))
        let parts = token.text.split(separator: ".").map(String.init)
        let damaged: [(String, String)] = [
            ("", "does not begin"), (String(token.text.dropFirst(4)), "does not begin"),
            (parts[0] + "." + parts[1], "2 parts"), ("l45-1!." + parts[1] + "." + parts[2], "id"),
            (parts[0] + "." + parts[1].dropLast() + "." + parts[2], "secret"),
            (token.text.dropLast() + "", "fingerprint"),
        ]
        for (text, why) in damaged {
            let error = #expect(throws: PkiError.self) { _ = try EnrolmentToken(text) }
            #expect("\(try #require(error))".contains(why), "\(text)")
        }
    }

    @Test("Base 32 gives back every length of bytes")
    func base32() {
        var random = Seeded(2)
        for count in 0...40 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(Base32.bytes(Base32.text(bytes)) == bytes)
        }
        #expect(Base32.text(Array("foobar".utf8)) == "mzxw6ytboi")
        #expect(Base32.bytes("1") == nil)
    }
}
