import Foundation
import L45Model
import Testing

@testable import ControlChannel

@Suite("The agent's key and certificate on disk")
struct IdentityStoreTests {
    @Test("What is saved is loaded, in a folder and files that nobody else can read")
    func saved() throws {
        try withFolder { folder in
            let store = IdentityStore(path: folder + "/identity")
            #expect(try store.load() == nil)
            let key = try store.loadOrCreateKey()
            #expect(try store.loadOrCreateKey().device == key.device)
            #expect(try store.load() == nil)
            let authority = try CertificateAuthority.create(now: .now())
            let grant = try authority.grant(try key.signingRequest(), now: .now())
            let identity = try DeviceIdentity(
                key: key, certificatePEM: grant.certificatePEM, authorityPEM: grant.authorityPEM)
            try store.save(identity)
            let loaded = try #require(try store.load())
            #expect(loaded.device == key.device)
            #expect(loaded.anchor.fingerprint == authority.anchor.fingerprint)
            #expect(loaded.expiresAt == identity.expiresAt)
            #expect(try mode(folder + "/identity") == 0o700)
            let files = try FileManager.default.contentsOfDirectory(atPath: folder + "/identity").sorted()
            #expect(files == ["device.key", "device.pem"])
            for file in files { #expect(try mode(folder + "/identity/" + file) == 0o600) }
        }
    }

    @Test("A key that others may read is refused, with the command that mends it")
    func exposed() throws {
        try withFolder { folder in
            let store = IdentityStore(path: folder + "/identity")
            _ = try store.loadOrCreateKey()
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644], ofItemAtPath: folder + "/identity/device.key")
            let error = #expect(throws: PkiError.self) { _ = try store.loadOrCreateKey() }
            #expect("\(try #require(error))".contains("chmod 600"))
        }
    }

    @Test("A damaged certificate is an error and not a device without one")
    func damaged() throws {
        try withFolder { folder in
            let store = IdentityStore(path: folder)
            let authority = try CertificateAuthority.create(now: .now())
            try store.save(try Bed.device(of: authority))
            let whole = try String(contentsOfFile: folder + "/device.pem", encoding: .utf8)
            try String(whole.prefix(whole.count / 2)).write(
                toFile: folder + "/device.pem", atomically: false, encoding: .utf8)
            #expect(throws: PkiError.self) { _ = try store.load() }
        }
    }

    @Test("A folder that cannot be made is named")
    func noFolder() {
        let store = IdentityStore(path: "/dev/null/identity")
        let error = #expect(throws: PkiError.self) { _ = try store.loadOrCreateKey() }
        #expect(error.map { "\($0)".contains("/dev/null/identity") } == true)
    }

    private func mode(_ path: String) throws -> Int {
        let value = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        return try #require(value).intValue
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("l45-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }
}
