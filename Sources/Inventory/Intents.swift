import Foundation
import GRDB
package import L45Model

/// One step in the life of an intent: a text and an edition of its dialects that was adopted.
package struct IntentStep: Hashable, Sendable {
    /// Grows with each step of any intent.
    package var number: Int64
    package var name: IntentName
    package var revision: Generation
    package var source: String
    package var origin: String
    package var epoch: Epoch
    package var at: Timestamp
}

extension Inventory {
    /// How many steps of one intent are kept: the newest. At four rotations a day, 250 days.
    static let intentStepsMax = 1000

    /// Those in force, by name.
    package func intents() throws(InventoryError) -> [IntentRecord] {
        try read("read the intents") { db in
            try checkSeals([RowSeals.intent], in: db)
            return try Self.intents(in: db)
        }
    }

    /// The intent as it was last adopted, also when it was removed since: one that comes back under its name goes on
    /// above this revision and `epochMax`, so that no secret serves twice.
    package func lastKnown(_ name: IntentName) throws(InventoryError) -> IntentRecord? {
        try read("read intent '\(name)'") { db in
            try checkSeals([RowSeals.intent], key: name.rawValue, in: db)
            return try Row.fetchOne(db, sql: "SELECT * FROM intent WHERE name = ?", arguments: [name.rawValue])
                .map(Self.intent)
        }
    }

    /// Halts an intent, or lets it go on.
    /// - Throws: `unknownIntent`.
    package func setPaused(_ name: IntentName, _ paused: Bool) throws(InventoryError) {
        try write("store that '\(name)' is \(paused ? "paused" : "resumed")") { db in
            try db.execute(
                sql: "UPDATE intent SET paused = ? WHERE name = ? AND removed_at IS NULL",
                arguments: [paused, name.rawValue])
            guard db.changesCount == 1 else { throw InventoryError.unknownIntent(name) }
        }
    }

    /// What was adopted under this name, oldest first, also when it was removed since. Empty: never heard of.
    package func intentHistory(_ name: IntentName) throws(InventoryError) -> [IntentStep] {
        try read("read the history of '\(name)'") { db in
            try checkSeals(RowSeals.ofHistory, in: db)
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT s.id, s.revision, t.source, s.origin, s.epoch, s.at
                    FROM intent_step s JOIN intent_source t ON t.id = s.source WHERE s.name = ? ORDER BY s.id
                    """,
                arguments: [name.rawValue]
            ).map { row in
                IntentStep(
                    number: row[0], name: name, revision: Generation(UInt64(bitPattern: row[1])), source: row[2],
                    origin: row[3], epoch: Epoch(row[4]), at: Timestamp(row[5]))
            }
        }
    }

    static func intents(in db: Database) throws -> [IntentRecord] {
        try Row.fetchAll(db, sql: "SELECT * FROM intent WHERE removed_at IS NULL ORDER BY name").map(intent)
    }

    private static func intent(_ row: Row) -> IntentRecord {
        IntentRecord(
            name: IntentName(row["name"]), revision: Generation(UInt64(bitPattern: row["revision"])),
            source: row["source"], origin: row["origin"], epoch: Epoch(row["epoch"]), epochMax: Epoch(row["epoch_max"]),
            epochSince: Timestamp(row["epoch_since"]), paused: row["paused"])
    }

    static func upsert(_ intent: IntentRecord, at: Timestamp, in db: Database) throws {
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO intent
                (name, revision, source, origin, epoch, epoch_max, epoch_since, paused, removed_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)
                """,
            arguments: [
                intent.name.rawValue, Int64(bitPattern: intent.revision.rawValue), intent.source, intent.origin,
                intent.epoch.rawValue, intent.epochMax.rawValue, intent.epochSince.rawValue, intent.paused,
            ])
        try addStep(intent, at: at, in: db)
    }

    private static func addStep(_ intent: IntentRecord, at: Timestamp, in db: Database) throws {
        let digest = Digest(of: Data(intent.source.utf8)).hex
        let last = try Row.fetchOne(
            db,
            sql: """
                SELECT s.revision, s.epoch, t.digest FROM intent_step s JOIN intent_source t ON t.id = s.source
                WHERE s.name = ? ORDER BY s.id DESC LIMIT 1
                """,
            arguments: [intent.name.rawValue])
        let revision = Int64(bitPattern: intent.revision.rawValue)
        if let last, last[0] == revision, last[1] == intent.epoch.rawValue, last[2] == digest { return }
        try db.execute(
            sql: "INSERT OR IGNORE INTO intent_source (digest, source) VALUES (?, ?)",
            arguments: [digest, intent.source])
        try db.execute(
            sql: """
                INSERT INTO intent_step (name, revision, epoch, origin, source, at)
                VALUES (?, ?, ?, ?, (SELECT id FROM intent_source WHERE digest = ?), ?)
                """,
            arguments: [
                intent.name.rawValue, revision, intent.epoch.rawValue, intent.origin, digest, at.rawValue,
            ])
        try db.execute(
            sql: """
                DELETE FROM intent_step WHERE name = :name AND id <= (
                    SELECT id FROM intent_step WHERE name = :name ORDER BY id DESC LIMIT 1 OFFSET :kept)
                """,
            arguments: ["name": intent.name.rawValue, "kept": intentStepsMax])
        guard db.changesCount > 0 else { return }
        try db.execute(
            sql: """
                DELETE FROM intent_source
                WHERE NOT EXISTS (SELECT 1 FROM intent_step WHERE source = intent_source.id)
                """)
    }

    static func remove(_ name: IntentName, at: Timestamp, in db: Database) throws {
        try db.execute(
            sql: "UPDATE intent SET removed_at = ?, paused = 0 WHERE name = ? AND removed_at IS NULL",
            arguments: [at.rawValue, name.rawValue])
        guard db.changesCount == 1 else { throw InventoryError.unknownIntent(name) }
        try removeHands(name, in: db)
    }
}
