import Foundation
import GRDB
import L45Model
import Testing

@testable import Inventory

/// Fields of the CIB that are stored in the clear. SQLite has no checksum of its own, so a bit that flips in one of them reads as
/// another value.
@Suite("Bit flips in rows that hold no secret")
struct RowSealTests {
    private let folder: TemporaryFolder
    private let cib: Inventory

    init() throws {
        folder = try TemporaryFolder()
        cib = try Inventory(folder: folder.cib)
        try cib.checkIn([device(1), device(2)], at: noon)
        try cib.setOperatorLabels(deviceID(1), ["role": "resolver"])
        try cib.adopt(intents: [intent(), intent("web")], plans: [plan(1), plan(2)], at: noon)
        try cib.adopt(
            intents: [intent(revision: 2, epoch: 2, source: "tag dig DNS # 2\n")], plans: [plan(1), plan(2)],
            hands: [
                IntentName("dns"): IntentHands(
                    document: IntentHand(cause: "operator", manager: "ci", by: "alice", at: noon))
            ], at: noon)
        try cib.decide([table(1, 7, plan(1).modules), table(2, 7, plan(2).modules, .active)])
        try cib.record([report(1), report(2)])
        try cib.record(statuses: ["dns/0", "dns/1"].map { status($0) })
        try cib.createToken(
            id: "t1", secretHash: Digest(of: Data("secret".utf8)), expires: noon + .seconds(60),
            labels: ["role": "web"],
            at: noon)
        try cib.record(
            IssuedCertificate(serial: "0a", device: deviceID(1), issuedAt: noon, notAfter: noon + .seconds(60)))
        try cib.checkIn([device(9)], at: noon)
        _ = try cib.evict(deviceID(9), name: "nine", reason: "stolen", at: noon)
        _ = try cib.use(
            [
                CertificateInUse(
                    certificate: IssuedCertificate(
                        serial: "0a", device: deviceID(1), issuedAt: noon, notAfter: noon + .seconds(60)),
                    authority: Digest(of: Data("ca".utf8)), trusts: [Digest(of: Data("ca".utf8))])
            ], at: noon)
        try cib.decide([PathTable(device: deviceID(1), generation: Generation(3), paths: [])])
        try cib.record(
            PostureStanding(
                posture: IntentName("cpcon"), level: PostureLevel("CPCON4"), by: "alice@ops-1", via: .command,
                since: noon))
        try cib.put(
            StoredSource(
                spec: SourceSpec(name: "net", url: "/srv/net"),
                standing: SourceStanding(addedAt: noon, addedBy: "root", scope: .everything)),
            owned: [IntentOwner(intent: IntentName("dns"), source: "net", digest: Digest(of: Data("dns".utf8)))])
        var trust = PathTrust(PathTrust.Place(deviceID(1), PathName("wan/10.2.0.0/24")))
        _ = trust.confirmed(20_000, whyPlain: "", now: noon)
        try cib.record(trusts: [trust])
        try cib.record(
            checks: [],
            distrusts: [
                Distrust(
                    device: deviceID(1), intent: IntentName("dns"), module: ModuleID(7),
                    reason: "its answer names module 8", since: noon)
            ])
    }

    private func status(_ flow: String) -> RolloutStatus {
        RolloutStatus(
            intent: IntentName("dns"), flow: FlowName(flow), epoch: Epoch(2), phase: .drain, paused: false, waiting: [],
            since: noon)
    }

    /// Changes a field behind the triggers' back, looks, and puts it back.
    private func flipping(
        _ table: RowSeals.Table, _ column: String, every step: Int, _ look: (_ what: String) throws -> Void
    ) throws -> Int {
        var flips = 0
        try raw { db in
            try db.execute(
                sql:
                    "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; DROP TRIGGER IF EXISTS seal_\(table.name)_update"
            )
        }
        let row = try #require(
            try cib.pool.read { db in
                try Row.fetchOne(
                    db,
                    sql:
                        "SELECT rowid_, v FROM (SELECT \(table.key) AS rowid_, \(column) AS v FROM \(table.name)) LIMIT 1"
                )
            })
        let key: DatabaseValue = row[0]
        let good: DatabaseValue = row[1]
        let changed: [DatabaseValue] =
            switch good.storage {
            // Of a key, not into that of another row: SQLite's own check finds the same key twice.
            case .int64(let number): ((column == table.key ? 8 : 0)..<64).map { (number ^ (1 << $0)).databaseValue }
            case .string(let text): Self.flipped(Data(text.utf8), step).map(\.databaseValue)
            case .blob(let data): Self.flipped(data, step).map(\.databaseValue)
            default: []
            }
        let isText = if case .string = good.storage { true } else { false }
        let value = isText ? "CAST(? AS TEXT)" : "?"
        for bad in changed {
            let now = column == table.key ? bad : key
            let name = column == table.key && isText ? "CAST(? AS TEXT)" : "?"
            try raw { db in
                try db.execute(
                    sql: "UPDATE \(table.name) SET \(column) = \(value) WHERE \(table.key) = ?", arguments: [bad, key])
            }
            try look("\(table.name).\(column), flip \(flips)")
            flips += 1
            try raw { db in
                try db.execute(
                    sql: "UPDATE \(table.name) SET \(column) = ? WHERE \(table.key) = \(name)", arguments: [good, now])
            }
        }
        return flips
    }

    private func raw(_ body: (Database) throws -> Void) throws {
        try cib.pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = OFF")
            try body(db)
        }
    }

    /// One bit of every so many bytes, another bit each time.
    private static func flipped(_ data: Data, _ step: Int) -> [Data] {
        stride(from: 0, to: data.count, by: step).map { at in
            var bad = data
            bad[at] ^= 1 << UInt8(at % 8)
            return bad
        }
    }

    private func expectDamaged(_ what: String, _ noun: String, _ read: () throws -> Void) {
        let error = #expect(throws: InventoryError.self, "\(what)") { try read() }
        guard case .damaged(_, let detail)? = error else {
            Issue.record("\(what): \(error.map { "\($0)" } ?? "it was believed")")
            return
        }
        #expect(detail.hasPrefix(noun) && detail.hasSuffix("is not as it was stored"), "\(what): \(detail)")
    }

    @Test("What devices are told is refused, and the row named, whichever bit of it flipped")
    func refused() throws {
        var flips = 0
        for table in RowSeals.ofFleet {
            for column in [table.key] + table.columns {
                flips += try flipping(table, column, every: 5) { what in
                    expectDamaged(what, table.noun) { _ = try cib.fleet() }
                }
            }
        }
        #expect(try cib.fleet().tables.count == 2)
        #expect(try cib.verify() == [])
        print("row seals: \(flips) flips refused")
        #expect(flips > 500)
    }

    @Test("An undo does not go back to a text or an epoch that flipped; a token that flipped enrols nobody")
    func onUse() throws {
        var flips = 0
        for table in RowSeals.ofHistory {
            for column in [table.key] + table.columns {
                flips += try flipping(table, column, every: 1) { what in
                    expectDamaged(what, table.noun) { _ = try cib.intentHistory(IntentName("dns")) }
                }
            }
        }
        for column in RowSeals.token.columns {
            flips += try flipping(RowSeals.token, column, every: 1) { what in
                expectDamaged(what, RowSeals.token.noun) {
                    _ = try cib.consumeToken(
                        id: "t1", secretHash: Digest(of: Data("secret".utf8)), by: deviceID(3), now: noon)
                }
            }
        }
        #expect(try cib.intentHistory(IntentName("dns")).count == 2)
        #expect(
            try cib.consumeToken(
                id: "t1", secretHash: Digest(of: Data("secret".utf8)), by: deviceID(3), now: noon) == ["role": "web"])
        print("row seals: \(flips) flips refused on use")
        #expect(flips > 400)
    }

    @Test("A standing that flipped is forgotten, which costs a drain its time; a report that flipped stops nothing")
    func healed() throws {
        var flips = 0
        for column in ["flow", "status"] {
            flips += try flipping(RowSeals.rollout, column, every: 1) { what in
                let left = try cib.fleet().statuses.keys.map(\.rawValue)
                #expect(left == ["dns/1"], "\(what)")
            }
        }
        #expect(try cib.statuses().count == 2)
        let reports = RowSeals.Table(name: "device_report", key: "device", columns: ["report"], noun: "")
        flips += try flipping(reports, "report", every: 1) { what in
            let devices = try cib.fleet().devices
            #expect(devices.count == 2, "\(what)")
        }
        print("row seals: \(flips) flips healed")
        #expect(flips > 200)
    }

    @Test("Seals follow every write, and a CIB of the release before gets its own when it is opened")
    func upgrade() throws {
        try cib.setPaused(IntentName("dns"), true)
        try cib.checkIn([device(1, labels: ["role": "web"])], at: noon)
        try cib.forget(deviceID(2), at: noon)
        #expect(try cib.verify() == [])
        let before = try cib.fleet()
        try cib.pool.write { db in
            let triggers = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'trigger'")
            #expect(triggers.count { $0.hasPrefix("seal_") } == 3 * RowSeals.all.count)
            for name in triggers { try db.execute(sql: "DROP TRIGGER \(name)") }
            try db.execute(
                sql: """
                    DROP TABLE row_seal;
                    DROP TABLE path_trust;
                    DROP TABLE posture;
                    DROP TABLE module_check;
                    DROP TABLE distrust;
                    DROP TABLE alert;
                    DROP TABLE alert_news;
                    DROP TABLE alert_sink;
                    DROP TABLE operator;
                    DROP TABLE audit;
                    DROP TABLE audit_head;
                    DROP TABLE wrapped_key;
                    DROP TABLE evicted_device;
                    DROP TABLE device_trust;
                    DROP TABLE intent_owner;
                    DROP TABLE git_source;
                    DROP TABLE declaration;
                    DROP TABLE declared_middlebox;
                    DROP TABLE intent_hands;
                    DELETE FROM grdb_migrations WHERE identifier NOT LIKE '1%' AND identifier NOT LIKE '2%';
                    PRAGMA user_version = 2
                    """)
        }
        try cib.close()
        // In those days everything derived from the key file itself.
        try Data(cib.rootSecret.bytes).write(to: URL(filePath: folder.file("root.key")))
        let again = try Inventory(folder: folder.cib)
        #expect(try again.verify() == [])
        #expect(try again.fleet().intents == before.intents)
        #expect(try again.fleet().tables == before.tables)
        try again.close()
    }

    @Test("What a release before knew of paths, without seals, is kept and sealed")
    func upgradeOfTrust() throws {
        let before = try cib.fleet().pathTrusts
        #expect(before.map(\.epoch) == [20_000])
        let text = String(decoding: try CanonicalJSON.encode(try #require(before.first)), as: UTF8.self)
        try cib.pool.write { db in
            try db.execute(
                sql: """
                    DROP TABLE path_trust;
                    DELETE FROM row_seal WHERE name = 'path_trust';
                    CREATE TABLE path_trust (
                        device TEXT NOT NULL REFERENCES device ON DELETE CASCADE,
                        path TEXT NOT NULL,
                        content TEXT NOT NULL,
                        PRIMARY KEY (device, path)
                    ) STRICT, WITHOUT ROWID;
                    DELETE FROM grdb_migrations WHERE identifier LIKE '% seals of trust in paths';
                    """)
            try db.execute(
                sql: "INSERT INTO path_trust VALUES (?, 'wan/10.2.0.0/24', ?)", arguments: [deviceID(1).rawValue, text])
        }
        try cib.close()
        let again = try Inventory(folder: folder.cib)
        #expect(try again.verify() == [])
        #expect(try again.fleet().pathTrusts == before)
        try again.record(trusts: [], forgotten: before.map(\.place))
        #expect(try again.fleet().pathTrusts.isEmpty)
        try again.close()
    }

    @Test("A row that was taken away, or put in by hand from another CIB, is found out")
    func strangers() throws {
        try raw { db in try db.execute(sql: "DROP TRIGGER seal_operator_labels_delete; DELETE FROM operator_labels") }
        expectDamaged("a row that is gone", RowSeals.labels.noun) { _ = try cib.fleet() }
        #expect(try cib.verify().contains { $0.hasPrefix(RowSeals.labels.noun) })
    }
}
