import Foundation
import GRDB
import L45Model

/// The tables of the CIB and how a file of an earlier release gets to them.
///
/// A migration that was released is never edited; a new one raises `version`, in the same transaction.
enum Schema {
    /// `PRAGMA application_id`: "L45C".
    static let applicationID = 0x4C34_3543
    /// `PRAGMA user_version` of what `migrator` makes.
    static let version = 16

    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 first tables") { db in
            try db.execute(sql: first)
            try db.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = 1")
        }
        migrator.registerMigration("2 paths") { db in
            try db.execute(sql: paths)
            try db.execute(sql: "PRAGMA user_version = 2")
        }
        migrator.registerMigration("3 row seals") { db in
            try RowSeals.install(in: db)
            try db.execute(sql: "PRAGMA user_version = 3")
        }
        migrator.registerMigration("keys: trust in paths") { db in
            try db.execute(sql: trusts)
            try db.execute(sql: "PRAGMA user_version = 4")
        }
        migrator.registerMigration("5 posture") { db in
            try db.execute(sql: posture)
            try RowSeals.install(RowSeals.posture, in: db)
            try db.execute(sql: "PRAGMA user_version = 5")
        }
        migrator.registerMigration("6 seals of trust in paths") { db in
            try db.execute(sql: sealedTrusts)
            try RowSeals.install(RowSeals.trust, in: db)
            try db.execute(sql: "PRAGMA user_version = 6")
        }
        migrator.registerMigration("7 security checks") { db in
            try db.execute(sql: checks)
            try RowSeals.install(RowSeals.distrust, in: db)
            try db.execute(sql: "PRAGMA user_version = 7")
        }
        migrator.registerMigration("alerts") { db in
            try db.execute(sql: alerts)
            for table in RowSeals.alerts { try RowSeals.install(table, in: db) }
            try db.execute(sql: "PRAGMA user_version = 8")
        }
        migrator.registerMigration("rights: operators and the audit trail") { db in
            try db.execute(sql: rights)
            try RowSeals.install(RowSeals.operators, in: db)
            try db.execute(sql: "PRAGMA user_version = 9")
        }
        migrator.registerMigration("rights: the key in an envelope") { db in
            try db.execute(
                sql: """
                    CREATE TABLE wrapped_key (
                        number INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, wrapped BLOB NOT NULL
                    ) STRICT;
                    """)
            try db.execute(sql: "PRAGMA user_version = 10")
        }
        migrator.registerMigration("identity") { db in
            try db.execute(sql: identity)
            try RowSeals.install(RowSeals.evicted, in: db)
            try RowSeals.install(RowSeals.deviceTrust, in: db)
            try db.execute(sql: "PRAGMA user_version = 11")
        }
        migrator.registerMigration("git sources") { db in
            try db.execute(sql: sources)
            try RowSeals.install(RowSeals.gitSource, in: db)
            try RowSeals.install(RowSeals.owner, in: db)
            try db.execute(sql: "PRAGMA user_version = 12")
        }
        migrator.registerMigration("declared devices") { db in
            try db.execute(
                sql: """
                    CREATE TABLE declared_device (name TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT, WITHOUT ROWID;
                    """)
            try RowSeals.install(RowSeals.declaredOnce, in: db)
            try db.execute(sql: "PRAGMA user_version = 13")
        }
        migrator.registerMigration("hands on intents") { db in
            try db.execute(
                sql: """
                    CREATE TABLE intent_hands (intent TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT, WITHOUT ROWID;
                    """)
            try RowSeals.install(RowSeals.hands, in: db)
            try db.execute(sql: "PRAGMA user_version = 14")
        }
        migrator.registerMigration("declarations by whom") { db in
            try Inventory.moveDeclared(in: db)
            try db.execute(sql: "PRAGMA user_version = 15")
        }
        migrator.registerMigration("declared middleboxes") { db in
            try db.execute(
                sql: """
                    CREATE TABLE declared_middlebox (place TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT, WITHOUT ROWID;
                    """)
            try RowSeals.install(RowSeals.middlebox, in: db)
            try db.execute(sql: "PRAGMA user_version = 16")
        }
        return migrator
    }()

    /// Looks at the file without writing to it.
    /// - Throws: `newerSchema` or `notCIB`, or what SQLite has to say of the file.
    static func check(_ path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        try DatabaseQueue(path: path, configuration: configuration).read { db in
            let application = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
            let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            // A start that was cut short leaves a file without tables.
            let empty = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") == 0
            if empty && application == 0 && found == 0 { return }
            guard application == applicationID else { throw InventoryError.notCIB(path: path) }
            guard try found <= version && !migrator.hasBeenSuperseded(db) else {
                throw InventoryError.newerSchema(path: path, found: found, known: version)
            }
        }
    }

    // A device's plan and table are one row each, which list modules by key: a phase of a rollout rewrites 18 bytes per
    // module and no secret. `module` holds each plan once for both.
    private static let first = """
        CREATE TABLE key_check (id INTEGER PRIMARY KEY CHECK (id = 1), sealed BLOB NOT NULL) STRICT;

        CREATE TABLE device (
            id TEXT PRIMARY KEY,
            facts TEXT NOT NULL,
            first_seen INTEGER NOT NULL,
            last_seen INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- Apart from device: an enrolment gives labels before the first check-in.
        CREATE TABLE operator_labels (device TEXT PRIMARY KEY, labels TEXT NOT NULL) STRICT, WITHOUT ROWID;

        CREATE TABLE shape (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, json BLOB NOT NULL) STRICT;

        CREATE TABLE module (
            device TEXT NOT NULL REFERENCES device ON DELETE CASCADE,
            key BLOB NOT NULL,
            id INTEGER NOT NULL,
            shape INTEGER NOT NULL REFERENCES shape,
            sealed BLOB NOT NULL,
            PRIMARY KEY (device, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX module_shape ON module (shape);

        CREATE TABLE device_plan (
            device TEXT PRIMARY KEY REFERENCES device ON DELETE CASCADE,
            modules BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE device_table (
            device TEXT PRIMARY KEY REFERENCES device ON DELETE CASCADE,
            generation INTEGER NOT NULL,
            entries BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE device_report (
            device TEXT PRIMARY KEY REFERENCES device ON DELETE CASCADE,
            report BLOB NOT NULL
        ) STRICT;

        -- A removed intent keeps its row, so that a later one of its name goes on above its epochs.
        CREATE TABLE intent (
            name TEXT PRIMARY KEY,
            revision INTEGER NOT NULL,
            source TEXT NOT NULL,
            origin TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            epoch_max INTEGER NOT NULL,
            epoch_since INTEGER NOT NULL,
            paused INTEGER NOT NULL,
            removed_at INTEGER
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE intent_source (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, source TEXT NOT NULL) STRICT;
        CREATE TABLE intent_step (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            revision INTEGER NOT NULL,
            epoch INTEGER NOT NULL,
            origin TEXT NOT NULL,
            source INTEGER NOT NULL REFERENCES intent_source,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX intent_step_name ON intent_step (name, id);
        CREATE INDEX intent_step_source ON intent_step (source);

        CREATE TABLE rollout (flow TEXT PRIMARY KEY, status TEXT NOT NULL) STRICT, WITHOUT ROWID;

        CREATE TABLE event (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            severity TEXT NOT NULL,
            subject TEXT NOT NULL,
            message TEXT NOT NULL,
            facts TEXT NOT NULL
        ) STRICT;
        CREATE INDEX event_subject ON event (subject, id);

        CREATE TABLE token (
            id TEXT PRIMARY KEY,
            hash BLOB NOT NULL,
            labels TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            used_at INTEGER,
            used_by TEXT
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE certificate (
            serial TEXT PRIMARY KEY,
            device TEXT NOT NULL,
            issued_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            revoked_at INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX certificate_device ON certificate (device);

        CREATE TABLE sealed_blob (name TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;

        CREATE TABLE artifact (
            digest TEXT PRIMARY KEY,
            bytes INTEGER NOT NULL,
            added_at INTEGER NOT NULL,
            content BLOB NOT NULL
        ) STRICT;
        """

    // The present key of each module's check, sealed with its step; and who failed one.
    private static let checks = """
        CREATE TABLE module_check (
            device TEXT NOT NULL REFERENCES device ON DELETE CASCADE,
            module INTEGER NOT NULL,
            step INTEGER NOT NULL,
            life INTEGER NOT NULL,
            verified_at INTEGER NOT NULL,
            sealed BLOB NOT NULL,
            PRIMARY KEY (device, module)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE distrust (
            name TEXT PRIMARY KEY,
            device TEXT NOT NULL REFERENCES device ON DELETE CASCADE,
            content TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    // Who may operate, and what operators did. The trail is chained by `AuditTrail`; the triggers stop mistakes, the chain shows
    // the rest.
    private static let rights = """
        CREATE TABLE operator (
            name TEXT PRIMARY KEY,
            role TEXT NOT NULL,
            scope TEXT NOT NULL,
            kind TEXT NOT NULL,
            known TEXT NOT NULL,
            hash BLOB,
            added_at INTEGER NOT NULL,
            added_by TEXT NOT NULL,
            expires_at INTEGER,
            UNIQUE (kind, known)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE audit (id INTEGER PRIMARY KEY, content TEXT NOT NULL, hash BLOB NOT NULL, seal BLOB NOT NULL) STRICT;
        CREATE TABLE audit_head (
            one INTEGER PRIMARY KEY CHECK (one = 1), id INTEGER NOT NULL, hash BLOB NOT NULL, seal BLOB NOT NULL
        ) STRICT;
        CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN
            SELECT RAISE(ABORT, 'the audit trail is appended to and never changed');
        END;
        CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN
            SELECT RAISE(ABORT, 'the audit trail is appended to and never cut');
        END;
        CREATE TRIGGER audit_insert BEFORE INSERT ON audit
        WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM audit) BEGIN
            SELECT RAISE(ABORT, 'the audit trail is appended to at its end alone');
        END;
        CREATE TRIGGER audit_head_delete BEFORE DELETE ON audit_head BEGIN
            SELECT RAISE(ABORT, 'the audit trail keeps its end');
        END;
        """

    // The level in force. Which intents it means stands in the posture's own document.
    private static let posture = """
        CREATE TABLE posture (id INTEGER PRIMARY KEY CHECK (id = 1), standing TEXT NOT NULL) STRICT;
        """

    // `evicted_device` outlives the device's own row: its name is never taken again. `device_trust` is what a device connects
    // with and trusts, by its own proof; an authority is let go of by it.
    private static let identity = """
        CREATE TABLE evicted_device (
            device TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            at INTEGER NOT NULL,
            reason TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE device_trust (
            device TEXT PRIMARY KEY REFERENCES device ON DELETE CASCADE,
            serial TEXT NOT NULL,
            authority TEXT NOT NULL,
            trusts TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    // Which git repositories are followed, how far each has come, and which intents are theirs to keep.
    private static let sources = """
        CREATE TABLE git_source (name TEXT PRIMARY KEY, spec TEXT NOT NULL, standing TEXT NOT NULL) STRICT, WITHOUT ROWID;

        CREATE TABLE intent_owner (
            intent TEXT PRIMARY KEY,
            source TEXT NOT NULL REFERENCES git_source ON DELETE CASCADE,
            digest TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    // What a device is told of paths, and what it says of them; neither holds a secret. Plans are compiled anew from the
    // intents at each start.
    private static let paths = """
        CREATE TABLE path_table (
            device TEXT PRIMARY KEY REFERENCES device ON DELETE CASCADE,
            generation INTEGER NOT NULL,
            content TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE path_report (
            device TEXT PRIMARY KEY REFERENCES device ON DELETE CASCADE,
            report TEXT NOT NULL
        ) STRICT;
        """

    // Epochs of keys and what is known of lies; the keys themselves are derived, and stand nowhere but in `paths.root`, sealed.
    private static let trusts = """
        CREATE TABLE path_trust (
            device TEXT NOT NULL REFERENCES device ON DELETE CASCADE,
            path TEXT NOT NULL,
            content TEXT NOT NULL,
            PRIMARY KEY (device, path)
        ) STRICT, WITHOUT ROWID;
        """

    // One column as the key, `DEVICE/INTENT/DESTINATION`, as seals have it.
    private static let sealedTrusts = """
        ALTER TABLE path_trust RENAME TO path_trust_unsealed;
        CREATE TABLE path_trust (
            place TEXT PRIMARY KEY,
            device TEXT NOT NULL REFERENCES device ON DELETE CASCADE,
            content TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX path_trust_device ON path_trust (device);
        INSERT INTO path_trust SELECT device || '/' || path, device, content FROM path_trust_unsealed;
        DROP TABLE path_trust_unsealed;
        """

    // Alerts, what became of them for those who are told, and how far each of these has read.
    private static let alerts = """
        CREATE TABLE alert (id INTEGER PRIMARY KEY, state TEXT NOT NULL, content TEXT NOT NULL) STRICT;
        CREATE INDEX alert_state ON alert (state, id);
        CREATE TABLE alert_news (place INTEGER PRIMARY KEY, content TEXT NOT NULL) STRICT;
        CREATE TABLE alert_sink (name TEXT PRIMARY KEY, standing TEXT NOT NULL) STRICT, WITHOUT ROWID;
        """
}
