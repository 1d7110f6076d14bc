import Foundation
import GRDB
package import L45Model

// The audit trail: each entry holds the hash of the one before, and each hash is sealed under a key of the root key. Who has
// the file alone can follow the chain and can not go on with it, nor alter or leave out a line unseen; the sealed end shows a
// trail that was cut. A whole CIB of earlier days is a whole trail too: against that, note the end down elsewhere.
extension Inventory {
    /// Objects and text are cut to these many bytes in an entry.
    static let auditTextMax = 2000

    /// Adds what is not part of a stored change: refusals, failures, requests that changed nothing.
    package func audit(
        _ slot: AuditSlot, result: AuditEntry.Result, detail: String? = nil
    ) throws(InventoryError) {
        do {
            try pool.write { try append(slot, result: result, detail: detail, in: $0) }
        } catch { throw explain(error, "add to the audit trail") }
        slot.close()
    }

    func append(
        _ slot: AuditSlot, result: AuditEntry.Result = .done, detail: String? = nil, in db: Database
    ) throws {
        let head = try Row.fetchOne(db, sql: "SELECT id, hash FROM audit_head")
        let number = (head.map { $0[0] as Int64 } ?? 0) + 1
        let entry = AuditEntry(
            number: number, at: slot.at, caller: slot.caller, verb: slot.verb, objects: Self.cut(slot.objects),
            result: result, detail: (detail ?? slot.detail).map { String($0.prefix(Self.auditTextMax)) },
            previous: Digest(hex: head.map { Hex.string($0[1] as Data) } ?? AuditEntry.beginning.hex))
        let content = try entry.content
        let hash = Data(Hex.bytes(Digest(of: content).hex) ?? [])
        try db.cachedStatement(sql: "INSERT INTO audit (id, content, hash, seal) VALUES (?, ?, ?, ?)").execute(
            arguments: [number, String(decoding: content, as: UTF8.self), hash, sealer.auditSeal(Self.line(hash))])
        try db.cachedStatement(
            sql: """
                INSERT INTO audit_head (one, id, hash, seal) VALUES (1, ?, ?, ?)
                ON CONFLICT (one) DO UPDATE SET id = excluded.id, hash = excluded.hash, seal = excluded.seal
                """
        ).execute(arguments: [number, hash, sealer.auditSeal(Self.end(number, hash))])
    }

    private static func cut(_ objects: [String]) -> [String] {
        var room = auditTextMax
        var kept: [String] = []
        for object in objects {
            room -= object.utf8.count
            guard room >= 0 else { return kept + ["and \(objects.count - kept.count) more"] }
            kept.append(object)
        }
        return kept
    }

    private static func line(_ hash: Data) -> Data { Data("line\0".utf8) + hash }
    private static func end(_ number: Int64, _ hash: Data) -> Data { Data("end\0\(number)\0".utf8) + hash }

    // MARK: Reading

    /// Entries in the order in which they were added.
    package func auditTrail(_ query: AuditQuery) throws(InventoryError) -> [ChainedAuditEntry] {
        let limit = min(max(query.limit, 1), AuditQuery.limitMax)
        return try read("read the audit trail") { db in
            var found: [ChainedAuditEntry] = []
            let rows = try Row.fetchCursor(
                db, sql: "SELECT content, hash FROM audit WHERE id > ? ORDER BY id", arguments: [query.after])
            while found.count < limit, let row = try rows.next() {
                let entry = try CanonicalJSON.decode(AuditEntry.self, from: Data((row[0] as String).utf8))
                // By no index: clocks go back, and a trail is read seldom.
                if let since = query.since, entry.at < since { continue }
                found.append(ChainedAuditEntry(entry: entry, hash: Digest(hex: Hex.string(row[1] as Data))))
            }
            return found
        }
    }

    /// Looks at every entry, from the first on, until one is not as it was written.
    package func verifyAudit(known: AuditMark? = nil) throws(InventoryError) -> AuditVerdict {
        try read("check the audit trail") { db in
            var last: AuditMark?
            func verdict(_ number: Int64, _ reason: String) -> AuditVerdict {
                AuditVerdict(
                    whole: last?.number ?? 0, last: last, fault: AuditVerdict.Fault(number: number, reason: reason))
            }
            let rows = try Row.fetchCursor(db, sql: "SELECT id, content, hash, seal FROM audit ORDER BY id")
            while let row = try rows.next() {
                let number: Int64 = row[0]
                let due = (last?.number ?? 0) + 1
                guard number == due else { return verdict(due, "it is missing; the next one there is \(number)") }
                if let reason = fault(
                    number, content: Data((row[1] as String).utf8), hash: row[2], seal: row[3],
                    previous: last?.hash ?? AuditEntry.beginning)
                {
                    return verdict(number, reason)
                }
                last = AuditMark(number: number, hash: Digest(hex: Hex.string(row[2] as Data)))
                if let known, known.number == number, known.hash != last?.hash {
                    return verdict(number, "its hash is not the one noted down: this is another trail")
                }
            }
            let count = last?.number ?? 0
            if let known, known.number > count {
                return verdict(
                    count + 1, "the trail ends at \(count), and \(known.number) was noted down: its end is gone")
            }
            return try endFault(after: last, in: db).map { verdict(count + 1, $0) }
                ?? AuditVerdict(whole: count, last: last, fault: nil)
        }
    }

    private func fault(_ number: Int64, content: Data, hash: Data, seal: Data, previous: Digest) -> String? {
        guard Digest(of: content).hex == Hex.string(hash) else { return "its content does not have its hash" }
        guard let entry = try? CanonicalJSON.decode(AuditEntry.self, from: content), entry.number == number else {
            return "its content does not say that it is number \(number)"
        }
        guard entry.previous == previous else { return "it does not hold the hash of the entry before" }
        guard sealer.isAuditSeal(seal, of: Self.line(hash)) else {
            return "its hash was not sealed by this orchestrator"
        }
        return nil
    }

    private func endFault(after last: AuditMark?, in db: Database) throws -> String? {
        guard let head = try Row.fetchOne(db, sql: "SELECT id, hash, seal FROM audit_head") else {
            return last == nil ? nil : "the trail's sealed end is missing"
        }
        let number: Int64 = head[0]
        let hash: Data = head[1]
        guard sealer.isAuditSeal(head[2], of: Self.end(number, hash)) else {
            return "the trail's end was not sealed by this orchestrator"
        }
        guard number == last?.number, Hex.string(hash) == last?.hash.hex else {
            return "\(number) entries were written, and \(last?.number ?? 0) are there"
        }
        return nil
    }
}
