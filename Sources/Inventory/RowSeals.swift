import Crypto
import Foundation
import GRDB
import L45Model

/// Authenticators over the rows that decide what devices are told and hold no secret: kept by triggers in `row_seal`, and
/// held against the rows whenever these are acted upon.
///
/// A bit that flips on the disk, or an edit by hand, would otherwise be believed: another port in an intent's text, an older
/// epoch, a module that counts as sending although nobody confirmed its peers. Reports have none: each counts only when it
/// came over the present connection.
enum RowSeals {
    /// One table under seal. Columns that only tell people something, or that are told anew all the time, are left out.
    struct Table: Sendable {
        let name: String
        /// The primary key.
        let key: String
        let columns: [String]
        /// What its row is called in an error, before the key.
        let noun: String
    }

    static let device = Table(name: "device", key: "id", columns: ["facts"], noun: "the facts of device")
    static let labels = Table(
        name: "operator_labels", key: "device", columns: ["labels"], noun: "the operator's labels of device")
    static let plan = Table(name: "device_plan", key: "device", columns: ["modules"], noun: "the plan of device")
    static let table = Table(
        name: "device_table", key: "device", columns: ["generation", "entries"], noun: "the table of device")
    static let pathTable = Table(
        name: "path_table", key: "device", columns: ["generation", "content"], noun: "the path table of device")
    static let intent = Table(
        name: "intent", key: "name",
        columns: ["revision", "source", "origin", "epoch", "epoch_max", "epoch_since", "paused", "removed_at"],
        noun: "the intent")
    static let step = Table(
        name: "intent_step", key: "id", columns: ["name", "revision", "epoch", "origin", "source", "at"],
        noun: "the intents' history, step")
    static let source = Table(
        name: "intent_source", key: "id", columns: ["digest", "source"], noun: "the intents' history, text")
    static let rollout = Table(name: "rollout", key: "flow", columns: ["status"], noun: "the standing of flow")
    static let token = Table(
        name: "token", key: "id", columns: ["hash", "labels", "created_at", "expires_at", "used_at", "used_by"],
        noun: "the enrolment token")
    static let certificate = Table(
        name: "certificate", key: "serial", columns: ["device", "issued_at", "expires_at", "revoked_at"],
        noun: "the certificate")

    static let posture = Table(
        name: "posture", key: "id", columns: ["standing"], noun: "the threat level in force, row")
    static let trust = Table(
        name: "path_trust", key: "place", columns: ["device", "content"], noun: "what is known of the honesty of path")

    static let alert = Table(name: "alert", key: "id", columns: ["state", "content"], noun: "the alert")
    static let alertNews = Table(
        name: "alert_news", key: "place", columns: ["content"], noun: "the news of alerts, place")
    static let alertSink = Table(
        name: "alert_sink", key: "name", columns: ["standing"], noun: "the standing of the alerts' sink")
    /// Left out where they are not as they were stored, and told of: they decide nothing.
    static let alerts = [alert, alertNews, alertSink]
    static let operators = Table(
        name: "operator", key: "name",
        columns: ["role", "scope", "kind", "known", "hash", "added_at", "added_by", "expires_at"], noun: "the operator")
    static let evicted = Table(
        name: "evicted_device", key: "device", columns: ["name", "at", "reason"], noun: "the eviction of device")
    static let deviceTrust = Table(
        name: "device_trust", key: "device", columns: ["serial", "authority", "trusts"],
        noun: "the certificate in use of device")

    static let gitSource = Table(
        name: "git_source", key: "name", columns: ["spec", "standing"], noun: "the git source")
    static let owner = Table(
        name: "intent_owner", key: "intent", columns: ["source", "digest"], noun: "the source of intent")

    /// Those of the migration that brought seals, which makes triggers of it: never changed. Later tables are sealed as they are made.
    static let tables = [
        device, labels, plan, table, pathTable, intent, step, source, rollout, token, certificate,
    ]
    static let distrust = Table(
        name: "distrust", key: "name", columns: ["device", "content"], noun: "the distrust of")
    /// Of the releases that had one declaration for each device.
    static let declaredOnce = Table(
        name: "declared_device", key: "name", columns: ["content"], noun: "the declaration of device")
    static let hands = Table(
        name: "intent_hands", key: "intent", columns: ["content"], noun: "who holds the intent")
    static let declared = Table(
        name: "declaration", key: "place", columns: ["content"], noun: "the declaration by")
    static let middlebox = Table(
        name: "declared_middlebox", key: "place", columns: ["content"], noun: "the declared middlebox by")
    static let all =
        tables + [
            declared, middlebox, posture, trust, distrust, operators, evicted, deviceTrust, gitSource, owner, hands,
        ] + alerts
    /// What an orchestrator starts from. Standings are not among them: one that is not as it was stored is left out, which
    /// costs a drain its time.
    static let ofFleet = [
        device, labels, plan, table, pathTable, intent, posture, certificate, trust, distrust, evicted, deviceTrust,
        gitSource, owner, hands,
    ]
    static let ofHistory = [step, source]

    // MARK: The seal

    /// `l45_seal(table, key, column...)`: 16 bytes.
    static func function(_ sealer: Sealer) -> DatabaseFunction {
        DatabaseFunction("l45_seal", pure: true) { values in
            var content = Data("row\0".utf8)
            for value in values { append(value, to: &content) }
            return sealer.name(of: content).bytes
        }
    }

    /// Kind, length, bytes: no two lists of values have the same bytes.
    private static func append(_ value: DatabaseValue, to content: inout Data) {
        let kind: UInt8
        let bytes: Data
        switch value.storage {
        case .null: (kind, bytes) = (0, Data())
        case .int64(let number): (kind, bytes) = (1, withUnsafeBytes(of: number.bigEndian) { Data($0) })
        case .double(let number): (kind, bytes) = (2, withUnsafeBytes(of: number.bitPattern.bigEndian) { Data($0) })
        case .string(let text): (kind, bytes) = (3, Data(text.utf8))
        case .blob(let data): (kind, bytes) = (4, data)
        }
        content.append(kind)
        withUnsafeBytes(of: UInt32(clamping: bytes.count).bigEndian) { content.append(contentsOf: $0) }
        content.append(bytes)
    }

    // MARK: Schema

    /// The table of seals, the triggers that keep it, and seals for the rows that are there.
    static func install(in db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE row_seal (
                    name TEXT NOT NULL,
                    key TEXT NOT NULL,
                    seal BLOB NOT NULL,
                    PRIMARY KEY (name, key)
                ) STRICT, WITHOUT ROWID;
                """)
        for table in tables { try install(table, in: db) }
    }

    /// The triggers of one table, and seals for the rows that are there.
    static func install(_ table: Table, in db: Database) throws {
        try db.execute(
            sql: """
                CREATE TRIGGER seal_\(table.name)_insert AFTER INSERT ON \(table.name) BEGIN \(keep(table)); END;
                CREATE TRIGGER seal_\(table.name)_update AFTER UPDATE OF \(list(table, "")) ON \(table.name) BEGIN \(keep(table)); END;
                CREATE TRIGGER seal_\(table.name)_delete AFTER DELETE ON \(table.name) BEGIN
                    DELETE FROM row_seal WHERE name = '\(table.name)' AND key = CAST(OLD.\(table.key) AS TEXT);
                END;
                INSERT INTO row_seal
                SELECT '\(table.name)', CAST(\(table.key) AS TEXT), \(seal(table, "")) FROM \(table.name);
                """)
    }

    /// An upsert, since what a trigger's statement does on conflict gives way to what the statement does that fired it.
    private static func keep(_ table: Table) -> String {
        """
        INSERT INTO row_seal VALUES ('\(table.name)', CAST(NEW.\(table.key) AS TEXT), \(seal(table, "NEW.")))
        ON CONFLICT (name, key) DO UPDATE SET seal = excluded.seal
        """
    }

    private static func seal(_ table: Table, _ prefix: String) -> String {
        "l45_seal('\(table.name)', CAST(\(prefix)\(table.key) AS TEXT), \(list(table, prefix)))"
    }

    private static func list(_ table: Table, _ prefix: String) -> String {
        table.columns.map { prefix + $0 }.joined(separator: ", ")
    }

    // MARK: Checks

    /// The keys of rows that are not as they were stored, of seals without a row among them.
    /// - Parameter key: of this row alone.
    /// - Parameter most: how many are told.
    static func broken(_ table: Table, key: String? = nil, most: Int = 1, in db: Database) throws -> [String] {
        let one = key == nil ? "" : "t.\(table.key) = ?2 AND "
        let row = try db.cachedStatement(
            sql: """
                SELECT CAST(t.\(table.key) AS TEXT) FROM \(table.name) t
                LEFT JOIN row_seal s ON s.name = '\(table.name)' AND s.key = CAST(t.\(table.key) AS TEXT)
                WHERE \(one)s.seal IS NOT \(seal(table, "t.")) LIMIT ?1
                """)
        let orphan = try db.cachedStatement(
            sql: """
                SELECT s.key FROM row_seal s WHERE s.name = '\(table.name)'\(key == nil ? "" : " AND s.key = ?2")
                AND NOT EXISTS (SELECT 1 FROM \(table.name) t WHERE t.\(table.key) = s.key) LIMIT ?1
                """)
        func arguments(_ most: Int) -> StatementArguments { key.map { [most, $0] } ?? [most] }
        let altered = try String.fetchAll(row, arguments: arguments(most))
        guard altered.count < most else { return altered }
        return try altered + String.fetchAll(orphan, arguments: arguments(most - altered.count))
    }
}

extension Inventory {
    /// - Throws: `damaged`, naming the first row that is not as it was stored.
    func checkSeals(_ tables: [RowSeals.Table], key: String? = nil, in db: Database) throws {
        for table in tables {
            guard let key = try RowSeals.broken(table, key: key, in: db).first else { continue }
            throw damaged("\(table.noun) '\(key)' is not as it was stored")
        }
    }
}
