import Foundation
import GRDB
import L45Model
import Testing

@testable import Inventory

@Suite("Secrets at rest")
struct SecrecyTests {
    let folder: TemporaryFolder
    let cib: Inventory

    init() throws {
        folder = try TemporaryFolder()
        cib = try Inventory(folder: folder.cib)
        try cib.checkIn([device(1), device(2)], at: noon)
        try cib.adopt(intents: [intent()], plans: [plan(1, modules: 2), plan(2)], at: noon)
        try cib.decide([table(1, 1, plan(1, modules: 2).modules)])
    }

    @Test("No secret is in the files of the CIB, neither as bytes nor as hex nor as base64")
    func notInTheClear() throws {
        let caKey = secret("the CA's key")
        let token = Digest(of: Data("the token's secret".utf8))
        try cib.seal("ca.key", Data(caKey.bytes))
        try cib.createToken(id: "t1", secretHash: token, expires: noon, at: noon)
        #expect(try cib.sealed("ca.key") == Data(caKey.bytes))

        let modules = plan(1, modules: 2).modules + plan(2).modules
        let secrets = modules.flatMap { [$0.dialectSecret, $0.initKey] } + [caKey, cib.rootSecret]
        let inLog = try folder.databaseBytes()
        try cib.pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        let inFile = try folder.databaseBytes()
        // What is not secret is there, so this does look at what was stored.
        #expect(inLog.range(of: Data("tag dig DNS".utf8)) != nil && inFile.range(of: Data("tag dig DNS".utf8)) != nil)
        for secret in secrets {
            let bytes = Data(secret.bytes)
            let forms = [
                bytes.prefix(12), Data(Hex.string(bytes.prefix(12)).utf8),
                Data(Hex.string(bytes.prefix(12)).uppercased().utf8), Data(bytes.prefix(12).base64EncodedString().utf8),
            ]
            for form in forms {
                #expect(inLog.range(of: form) == nil)
                #expect(inFile.range(of: form) == nil)
            }
        }
    }

    @Test("All files are for the owner alone")
    func modes() throws {
        for name in ["cib.sqlite", "cib.sqlite-wal", "cib.sqlite-shm", "root.key", "lock"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.file(name))
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(name)")
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.cib)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
    }

    @Test("Sealed rows that were exchanged, or a shape that was edited, are found out")
    func tampering() throws {
        try cib.seal("a", Data([1]))
        try cib.seal("b", Data([2]))
        try change("UPDATE sealed_blob SET sealed = (SELECT sealed FROM sealed_blob WHERE name = 'b') WHERE name = 'a'")
        #expect(
            throws: InventoryError.damaged(
                path: folder.file("cib.sqlite"), detail: "the secret 'a' is not as it was stored")
        ) { try cib.sealed("a") }
        #expect(try cib.sealed("b") == Data([2]))

        #expect(try cib.fleet().plans.count == 2)
        try change(
            "UPDATE module SET sealed = (SELECT sealed FROM module WHERE device = '\(deviceID(2))') "
                + "WHERE device = '\(deviceID(1))'")
        #expect(throws: InventoryError.self) { try cib.fleet() }
        #expect(try cib.verify().count == 1)
    }

    @Test("A shape that was edited by hand is found out")
    func editedShape() throws {
        try change("UPDATE shape SET json = CAST(replace(CAST(json AS TEXT), '10.0.0.53', '10.6.6.66') AS BLOB)")
        let error = #expect(throws: InventoryError.self) { try cib.fleet() }
        #expect(error?.description.contains("put a backup in its place") == true)
    }

    private func change(_ sql: String) throws {
        try cib.pool.write { try $0.execute(sql: sql) }
    }
}
