import Foundation
import GRDB
package import L45Model

// Who wrote which part of an intent last. It decides whose apply is refused, so it is sealed, and written by the transaction that
// changes the intent.
extension Inventory {
    /// Stores hands of intents that stay as they are, with the events that tell of it, in one transaction.
    package func record(hands: [IntentName: IntentHands], events: [Event] = []) throws(InventoryError) {
        try write("store who holds \(hands.count) intents") { db in
            try Self.put(hands, in: db)
            try append(events, in: db)
        }
    }

    static func put(_ hands: [IntentName: IntentHands], in db: Database) throws {
        for (name, hands) in hands {
            let content = String(decoding: try CanonicalJSON.encode(hands), as: UTF8.self)
            try db.cachedStatement(
                sql: """
                    INSERT INTO intent_hands (intent, content) VALUES (?, ?)
                    ON CONFLICT (intent) DO UPDATE SET content = excluded.content
                    """
            ).execute(arguments: [name.rawValue, content])
        }
    }

    static func removeHands(_ name: IntentName, in db: Database) throws {
        try db.cachedStatement(sql: "DELETE FROM intent_hands WHERE intent = ?").execute(arguments: [name.rawValue])
    }

    static func hands(in db: Database) throws -> [IntentName: IntentHands] {
        let rows = try Row.fetchAll(db, sql: "SELECT intent, content FROM intent_hands")
        return Dictionary(
            try rows.map { row in
                (
                    IntentName(row[0]),
                    try CanonicalJSON.decode(IntentHands.self, from: Data((row[1] as String).utf8))
                )
            }, uniquingKeysWith: { first, _ in first })
    }
}
