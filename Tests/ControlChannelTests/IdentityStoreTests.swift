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
            #expect(files == ["device.pem"])
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

    @Test("An identity in the files of an earlier release is read, and kept in one file from then on")
    func earlierRelease() throws {
        try withFolder { folder in
            let identity = try Bed.device(of: try CertificateAuthority.create(now: .now()))
            let texts = [
                "device.key": identity.key.pem,
                "device.pem": identity.certificatePEM + "\n" + identity.anchor.certificatePEM + "\n",
            ]
            for (name, text) in texts {
                try text.write(toFile: folder + "/" + name, atomically: false, encoding: .utf8)
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder + "/" + name)
            }
            let store = IdentityStore(path: folder)
            let loaded = try #require(try store.load())
            #expect(loaded.device == identity.device)
            #expect(try store.loadOrCreateKey().device == identity.key.device)
            try store.save(loaded)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["device.pem"])
            #expect(try store.load()?.serial == identity.serial)
        }
    }

    @Test("A renewed certificate stands beside the one in use until it is used, whatever instant a crash comes at")
    func renewed() throws {
        try withFolder { folder in
            let store = IdentityStore(path: folder)
            let authority = try CertificateAuthority.create(now: .now())
            let old = try Bed.device(of: authority)
            try store.save(old)
            let key = DeviceKey()
            let grant = try authority.grant(try key.signingRequest(), for: old.device, now: .now())
            let next = try DeviceIdentity(key: key, certificatePEM: grant.certificatePEM, anchors: old.anchors)
            #expect(next.device == old.device && next.key.device != old.key.device)
            try store.keep(.renewed(next))
            #expect(try store.load()?.serial == old.serial)
            #expect(try store.loadRenewed(for: old)?.serial == next.serial)
            try store.keep(.used(next))
            #expect(try store.load()?.serial == next.serial)
            #expect(try store.loadRenewed(for: next) == nil)
            // A crash between the two steps of the last: the same one lies there twice.
            try store.saveRenewed(next)
            #expect(try store.loadRenewed(for: next) == nil)
            // Of another device, as after an enrolment that was cut short.
            try store.saveRenewed(old)
            let other = try Bed.device(of: authority)
            #expect(try store.loadRenewed(for: other) == nil)
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
