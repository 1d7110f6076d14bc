import Foundation
import GRDB
import L45Model
import Testing

@testable import Inventory

@Suite("Security checks in the CIB")
struct CheckTests {
    let folder: TemporaryFolder
    let cib: Inventory

    init() throws {
        folder = try TemporaryFolder()
        cib = try Inventory(folder: folder.cib)
        try cib.checkIn([device(1), device(2)], at: noon)
    }

    private func check(_ number: Int, step: UInt64, key: String = "a key") -> ModuleCheck {
        ModuleCheck(
            device: device(number).id, module: ModuleID(.max), key: secret(key), step: step, life: .max,
            verifiedAt: noon)
    }

    @Test("What was stored last is read again; the key is in no file")
    func stores() throws {
        try cib.record(checks: [check(1, step: 1, key: "first"), check(2, step: 7)])
        try cib.record(checks: [check(1, step: 2, key: "second")])
        #expect(Set(try cib.fleet().checks) == [check(1, step: 2, key: "second"), check(2, step: 7)])
        let bytes = try folder.databaseBytes()
        for key in ["first", "second", "a key"] { #expect(bytes.range(of: Data(secret(key).bytes.prefix(12))) == nil) }
        try cib.record(checks: [], forgotten: [(device(2).id, ModuleID(.max))])
        #expect(try cib.fleet().checks.map(\.device) == [device(1).id])
    }

    @Test(
        "A row that was given another step, or another's key, is left out: its chain then begins again, and that is told"
    )
    func tampered() throws {
        try cib.record(checks: [check(1, step: 3), check(2, step: 3, key: "other")])
        try cib.pool.write {
            try $0.execute(sql: "UPDATE module_check SET step = 2 WHERE device = ?", arguments: [device(1).id.rawValue])
        }
        #expect(try cib.fleet().checks == [check(2, step: 3, key: "other")])
    }

    @Test("A distrust is kept until it is lifted, goes with its device, and is under seal")
    func distrusts() throws {
        func distrust(_ number: Int) -> Distrust {
            Distrust(
                device: device(number).id, intent: IntentName("dns"), module: ModuleID(7),
                reason: "its answer names module 8",
                since: noon)
        }
        var first = distrust(1)
        try cib.record(checks: [], distrusts: [first, distrust(2)])
        first.revokedAt = noon + .seconds(3)
        try cib.record(checks: [], distrusts: [first])
        #expect(try Set(cib.fleet().distrusts) == [first, distrust(2)])
        try cib.record(lifted: [distrust(2)])
        #expect(try cib.fleet().distrusts == [first])
        try cib.forget(device(1).id, at: noon)
        #expect(try cib.fleet().distrusts.isEmpty)

        try cib.record(checks: [], distrusts: [distrust(2)])
        try cib.pool.writeWithoutTransaction { db in
            try db.execute(
                sql: "DROP TRIGGER seal_distrust_update; UPDATE distrust SET content = replace(content, 'dns', 'dnt')")
        }
        #expect(throws: InventoryError.self) { try cib.fleet() }
    }
}
