/// Which intent's history to read.
package struct HistoryRequest: Hashable, Codable, Sendable {
    package var intent: IntentName
    /// The latest so many, 1 to `limitMax`.
    package var limit: Int
    package static let limitMax = 1000
    package init(_ intent: IntentName, limit: Int = 20) {
        self.intent = intent
        self.limit = limit
    }
}

/// A text and an edition that an intent had.
package struct IntentStepView: Hashable, Codable, Sendable {
    package enum Result: String, Hashable, Codable, Sendable {
        /// In force, every tap in scope runs it.
        case settled
        /// The present one, on its way.
        case progressing
        /// Halted by its strategy, or paused.
        case held
        /// Another came after it.
        case superseded
        /// The intent was withdrawn.
        case withdrawn
    }

    package var revision: Generation
    package var epoch: Epoch
    package var at: APITime
    /// Where its text came from.
    package var origin: String
    /// What brought it: `operator`, `schedule`, `undo`, ...; nil: the trail does not go back so far.
    package var cause: String?
    /// Who, as the audit trail names them; nil: nobody, or as above.
    package var by: String?
    /// With which tool, as it said of itself: `--field-manager`.
    package var manager: String?
    package var result: Result
    /// The YAML document, byte for byte.
    package var source: String

    package init(
        revision: Generation, epoch: Epoch, at: Timestamp, origin: String, cause: String?, by: String?,
        manager: String?,
        result: Result, source: String
    ) {
        self.revision = revision
        self.epoch = epoch
        self.at = APITime(at)
        self.origin = origin
        self.cause = cause
        self.by = by
        self.manager = manager
        self.result = result
        self.source = source
    }
}
