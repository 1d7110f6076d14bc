import Foundation
import L45Model
import SwiftASN1
import Testing
import X509

@testable import ControlChannel

@Suite("Certificates and signing requests under mutation", .timeLimit(.minutes(2)))
struct CertificateMutationTests {
    private static let environment = ProcessInfo.processInfo.environment
    /// `L45_SEED=N` repeats a run, `L45_ROUNDS=N` makes it longer.
    private static let seed = environment["L45_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...1 << 32)
    private static let rounds = environment["L45_ROUNDS"].flatMap { Int($0) } ?? 2000
    private let now = Timestamp.now()

    /// One to four changes: a bit, a byte, a stretch taken out, doubled, or taken from the other.
    private func bent(_ bytes: [UInt8], _ other: [UInt8], _ random: inout Seeded) -> [UInt8] {
        var bent = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bent.isEmpty {
            let at = Int.random(in: bent.indices, using: &random)
            let end = min(bent.count, at + Int.random(in: 1...24, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bent[at] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 1: bent[at] = UInt8.random(in: 0...255, using: &random)
            case 2: bent.removeSubrange(at..<end)
            case 3: bent.insert(contentsOf: bent[at..<end], at: at)
            default: bent.replaceSubrange(at..<end, with: other[min(at, other.count)..<min(end, other.count)])
            }
        }
        return bent
    }

    private func der(_ certificate: Certificate) throws -> [UInt8] {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }

    @Test(
        "No mutation of a device's certificate brings the reader down, passes as another device's or for another part")
    func certificates() throws {
        let authority = try CertificateAuthority.create(now: now)
        let device = try Bed.device(of: authority, now: now)
        let good = try der(Certificate(pemEncoded: device.certificatePEM))
        let other = try der(Certificate(pemEncoded: Bed.device(of: authority, now: now).certificatePEM))
        #expect(try authority.anchor.verifyDevice(Certificate(derEncoded: good), now: now) == device.device)
        var random = Seeded(Self.seed)
        var read = 0
        for _ in 0..<Self.rounds {
            let bytes = bent(good, other, &random)
            guard let leaf = try? Certificate(derEncoded: bytes) else { continue }
            read += 1
            let anchor = authority.anchor
            if let named = try? anchor.verifyDevice(leaf, now: now) {
                #expect(named == device.device, "seed \(Self.seed)")
            }
            #expect(throws: PkiError.self, "seed \(Self.seed)") { try anchor.verifyOrchestrator(leaf, now: now) }
            #expect(throws: PkiError.self, "seed \(Self.seed)") { _ = try anchor.verifySigner(leaf, now: now) }
            #expect(throws: PkiError.self, "seed \(Self.seed)") { _ = try anchor.verifyOperator(leaf, now: now) }
        }
        print("certificates: seed \(Self.seed), \(Self.rounds) bent, \(read) of them read")
        #expect(read > Self.rounds / 100, "the changes are too coarse to test what is behind the reader")
    }

    @Test("No mutation of a signing request brings the reader down or has another key taken")
    func requests() throws {
        let key = DeviceKey()
        let good = try key.signingRequest().der
        let other = try DeviceKey().signingRequest().der
        let device = try SigningRequest(der: good).device
        var random = Seeded(Self.seed &+ 1)
        for _ in 0..<Self.rounds {
            guard let taken = try? SigningRequest(der: bent(good, other, &random)) else { continue }
            #expect(taken.device == device, "seed \(Self.seed)")
        }
    }
}
