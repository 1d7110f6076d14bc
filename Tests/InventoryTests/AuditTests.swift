import Foundation
import GRDB
import L45Model
import Testing

@testable import Inventory

@Suite("The audit trail")
struct AuditTests {
    private let folder: TemporaryFolder
    private let cib: Inventory
    private static let alice = Caller(
        name: "alice", means: .token, from: "192.0.2.7:40112", role: .operate, scope: LabelScope(["site": "paris"]))

    init() throws {
        folder = try TemporaryFolder()
        cib = try Inventory(folder: folder.cib)
    }

    private func slot(_ verb: String, _ objects: [String] = ["intent/dns"]) -> AuditSlot {
        AuditSlot(caller: Self.alice, verb: verb, objects: objects, at: noon)
    }

    private func write(_ count: Int) throws {
        for number in 1...count { try cib.audit(slot("apply", ["intent/dns-\(number)"]), result: .done) }
    }

    /// As who has the file and no key, with triggers out of the way.
    private func behindItsBack(_ sql: String, _ arguments: StatementArguments = []) throws {
        try cib.pool.write { db in
            for trigger in ["audit_update", "audit_delete", "audit_insert", "audit_head_delete"] {
                try db.execute(sql: "DROP TRIGGER IF EXISTS \(trigger)")
            }
            try db.execute(sql: sql, arguments: arguments)
        }
    }

    @Test(
        "Who, what, when, from where and what came of it, each chained to the one before by SHA-256 over what is exported"
    )
    func chain() throws {
        try write(2)
        try cib.audit(slot("delete"), result: .refused, detail: "outside site=paris")
        let trail = try cib.auditTrail(AuditQuery())
        #expect(trail.map(\.entry.number) == [1, 2, 3])
        #expect(trail[2].entry.who == "alice")
        #expect(trail[2].entry.from == "192.0.2.7:40112")
        #expect(trail[2].entry.at == APITime(noon))
        #expect(trail[2].entry.result == .refused)
        #expect(trail[0].entry.previous == AuditEntry.beginning)
        for (before, after) in zip(trail, trail.dropFirst()) { #expect(after.entry.previous == before.hash) }
        for each in trail { #expect(Digest(of: try each.entry.content) == each.hash) }
        #expect(
            try cib.verifyAudit() == AuditVerdict(whole: 3, last: AuditMark(number: 3, hash: trail[2].hash), fault: nil)
        )
        #expect(try cib.auditTrail(AuditQuery(after: 1, limit: 1)).map(\.entry.number) == [2])
        #expect(try cib.auditTrail(AuditQuery(since: APITime(noon + .seconds(1)))).isEmpty)
    }

    @Test("SQL can neither change a line, nor take one away, nor put one in between, nor replace one")
    func triggers() throws {
        try write(2)
        for sql in [
            "UPDATE audit SET content = '{}' WHERE id = 1", "DELETE FROM audit WHERE id = 2", "DELETE FROM audit",
            "INSERT INTO audit VALUES (7, '{}', x'00', x'00')",
            "INSERT OR REPLACE INTO audit VALUES (2, '{}', x'00', x'00')",
            "DELETE FROM audit_head",
        ] {
            #expect(throws: DatabaseError.self, "\(sql)") { try cib.pool.write { try $0.execute(sql: sql) } }
        }
        #expect(try cib.verifyAudit().fault == nil)
    }

    @Test("A line that was altered, with its hash made to fit, is named: its seal takes the orchestrator's key")
    func altered() throws {
        try write(5)
        let third = try cib.auditTrail(AuditQuery(after: 2, limit: 1))[0].entry
        var forged = third
        forged.who = "mallory"
        let content = try forged.content
        try behindItsBack(
            "UPDATE audit SET content = ?, hash = ? WHERE id = 3",
            [String(decoding: content, as: UTF8.self), Data(Hex.bytes(Digest(of: content).hex) ?? [])])
        let verdict = try cib.verifyAudit()
        #expect(verdict.whole == 2)
        #expect(verdict.fault == AuditVerdict.Fault(number: 3, reason: "its hash was not sealed by this orchestrator"))
    }

    @Test("Every bit of a line counts")
    func bits() throws {
        try write(3)
        let stored = try cib.pool.read { try String.fetchOne($0, sql: "SELECT content FROM audit WHERE id = 2") ?? "" }
        let bytes = Array(stored.utf8)
        for at in bytes.indices where bytes[at] < 0x7f && bytes[at] > 0x21 {
            var changed = bytes
            changed[at] ^= 1
            try behindItsBack("UPDATE audit SET content = ? WHERE id = 2", [String(decoding: changed, as: UTF8.self)])
            #expect(try cib.verifyAudit().fault?.number == 2)
        }
        try behindItsBack("UPDATE audit SET content = ? WHERE id = 2", [stored])
        #expect(try cib.verifyAudit().fault == nil)
    }

    @Test("A line that was taken out, an end that was cut off, and a chain that was forged from the start are named")
    func cut() throws {
        try write(4)
        let trail = try cib.auditTrail(AuditQuery())
        try behindItsBack("DELETE FROM audit WHERE id = 4")
        #expect(
            try cib.verifyAudit().fault
                == AuditVerdict.Fault(number: 4, reason: "4 entries were written, and 3 are there"))
        try behindItsBack("DELETE FROM audit WHERE id = 2")
        #expect(
            try cib.verifyAudit().fault
                == AuditVerdict.Fault(number: 2, reason: "it is missing; the next one there is 3"))
        try behindItsBack("DELETE FROM audit; DELETE FROM audit_head")
        #expect(try cib.verifyAudit().fault == nil, "an empty trail is whole by itself")
        #expect(try cib.verifyAudit(known: AuditMark(number: 4, hash: trail[3].hash)).fault?.number == 1)
        try write(4)
        #expect(try cib.verifyAudit().fault == nil)
        let other = AuditMark(number: 2, hash: Digest(hex: String(repeating: "a", count: 64)))
        #expect(try cib.verifyAudit(known: other).fault?.number == 2)
    }

    @Test(
        "A change and its line are one transaction: a change that fails leaves neither, and a line that fails undoes the change"
    )
    func transaction() throws {
        let token = Digest(of: Data("s".utf8))
        let first = slot("token create", ["token/t1"])
        try AuditSlot.$current.withValue(first) {
            try cib.createToken(id: "t1", secretHash: token, expires: noon + .seconds(60), at: noon)
        }
        #expect(!first.isOpen)
        let second = slot("token create", ["token/t1"])
        #expect(throws: InventoryError.tokenExists(id: "t1")) {
            try AuditSlot.$current.withValue(second) {
                try cib.createToken(id: "t1", secretHash: token, expires: noon + .seconds(60), at: noon)
            }
        }
        #expect(second.isOpen)
        #expect(try cib.auditTrail(AuditQuery()).map(\.entry.objects) == [["token/t1"]])
        try cib.pool.write { try $0.execute(sql: "ALTER TABLE audit RENAME TO elsewhere") }
        #expect(throws: InventoryError.self) {
            try AuditSlot.$current.withValue(slot("token create", ["token/t2"])) {
                try cib.createToken(id: "t2", secretHash: token, expires: noon + .seconds(60), at: noon)
            }
        }
        #expect(try cib.tokens().map(\.id) == ["t1"])
    }

    @Test("A line has bounds, whatever it is about")
    func bounds() throws {
        try cib.audit(
            slot("apply", (1...5000).map { "intent/dns-\($0)" }), result: .refused,
            detail: String(repeating: "x", count: 9000))
        let entry = try cib.auditTrail(AuditQuery())[0].entry
        #expect(try entry.content.count < 2 * Inventory.auditTextMax + 2000)
        #expect(entry.objects.last?.hasPrefix("and ") == true)
    }

    @Test("An operator's row that was altered is refused by name")
    func operatorRow() throws {
        let view = OperatorView(
            name: "alice", role: .view, scope: LabelScope(["site": "paris"]), kind: .token, known: "abc", addedAt: noon,
            addedBy: "uid 0", expiresAt: nil)
        try cib.put(StoredOperator(view: view, secretHash: Digest(of: Data("s".utf8))))
        #expect(try cib.storedOperator(.token, known: "abc")?.view == view)
        try cib.pool.write { db in
            try db.execute(sql: "DROP TRIGGER seal_operator_update; UPDATE operator SET role = 'administer'")
        }
        let error = #expect(throws: InventoryError.self) { try cib.storedOperator(.token, known: "abc") }
        #expect(error?.description.contains("the operator 'alice' is not as it was stored") == true)
    }
}
