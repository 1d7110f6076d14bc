import Foundation
import GRDB
import L45Model
import Testing

@testable import Inventory

@Suite("Declared devices in the CIB")
struct DeclaredTests {
    private func declared(_ name: String, _ labels: [String: String], by file: String) -> DeclaredDevice {
        DeclaredDevice(name: name, labels: labels, origin: file, place: "\(file):2")
    }

    @Test("One device is declared by several, each for itself; what one takes back leaves the other's")
    func several() throws {
        let folder = try TemporaryFolder()
        let first = try Inventory(folder: folder.cib)
        try first.checkIn([device(1)], at: noon)
        let (a, b) = (declared("web-1", ["site": "paris"], by: "a.csv"), declared("web-1", ["rack": "7"], by: "b.csv"))
        try first.declare(
            DeclarationChange(
                stored: [a, b], removed: [], labels: [deviceID(1): ["site": "paris", "rack": "7"]]))
        try first.close()
        let again = try Inventory(folder: folder.cib)
        #expect(try again.declaredDevices() == [a, b])
        #expect(try again.operatorLabels() == [deviceID(1): ["site": "paris", "rack": "7"]])
        #expect(try again.agentLabels(of: [deviceID(1), deviceID(2)]) == [deviceID(1): ["role": "client"]])
        try again.declare(DeclarationChange(stored: [], removed: [a.key], labels: [deviceID(1): ["rack": "7"]]))
        #expect(try again.declaredDevices() == [b])
        #expect(try again.verify() == [])
    }

    @Test("Declarations of the release before are each its file's, sealed; one that was altered is not believed")
    func upgrade() throws {
        for isAltered in [false, true] {
            let folder = try TemporaryFolder()
            let first = try Inventory(folder: folder.cib)
            let old = declared("web-1", ["site": "paris"], by: "./hosts.csv")
            let text = String(decoding: try CanonicalJSON.encode(old), as: UTF8.self)
            try first.pool.write { db in
                try db.execute(
                    sql: """
                        DROP TABLE declaration;
                        CREATE TABLE declared_device (name TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT, WITHOUT ROWID;
                        DELETE FROM grdb_migrations WHERE identifier = 'declarations by whom';
                        PRAGMA user_version = 13
                        """)
                try RowSeals.install(RowSeals.declaredOnce, in: db)
                try db.execute(sql: "INSERT INTO declared_device VALUES ('web-1', ?)", arguments: [text])
                guard isAltered else { return }
                try db.execute(
                    sql: """
                        DROP TRIGGER seal_declared_device_update;
                        UPDATE declared_device SET content = replace(content, 'paris', 'lyon')
                        """)
            }
            try first.close()
            guard !isAltered else {
                #expect {
                    try Inventory(folder: folder.cib)
                } throws: { "\($0)".contains("the declaration of device 'web-1' is not as it was stored") }
                continue
            }
            let again = try Inventory(folder: folder.cib)
            #expect(try again.declaredDevices() == [old])
            #expect(try again.verify() == [])
            try again.declare(
                DeclarationChange(
                    stored: [], removed: [DeclaredKey(name: "web-1", by: "hosts.csv")], labels: [:]))
            #expect(try again.declaredDevices().isEmpty)
        }
    }
}
