/// Whose one part of an intent is: who wrote it last, and with what.
package struct FieldOwner: Hashable, Codable, Sendable {
    package enum Field: String, Hashable, Codable, Sendable {
        case document
        /// Of its dialects.
        case edition
        /// The threat level, where a posture decides whether the intent is in force.
        case level
        case pause
    }

    package var field: Field
    /// `git/net`, `ci`, `l45 apply`, `schedule`, `l45 rollout undo`, `l45 threat-level`.
    package var owner: String
    /// Who, as the audit trail names them; nil: nobody.
    package var by: String?
    package var since: APITime?
    /// What was written, in words.
    package var note: String

    package init(_ field: Field, owner: String, by: String?, since: Timestamp?, note: String) {
        self.field = field
        self.owner = owner
        self.by = by
        self.since = APITime(known: since)
        self.note = note
    }

    package init(_ field: Field, _ hand: IntentHand, note: String) {
        self.init(field, owner: hand.tool, by: hand.by, since: hand.at, note: note)
    }
}
