/// Whose hand wrote one part of an intent last.
package struct IntentHand: Hashable, Codable, Sendable {
    /// What brought it, as in the trail of events: `operator`, `schedule`, `rotate`, `undo`, a commit `git/net@3f0c6d6b8f1a`.
    package var cause: String
    /// The tool, by its own word, `ci`; of a git source `git/net`; nil: it did not say, or there was none.
    package var manager: String?
    /// Who, as the audit trail names them; nil: nobody, as of a schedule.
    package var by: String?
    package var at: Timestamp

    package init(cause: String, manager: String? = nil, by: String? = nil, at: Timestamp) {
        self.cause = cause
        self.manager = manager
        self.by = by
        self.at = at
    }

    /// What wrote it: `schedule`, `l45 rollout undo`, `ci`, `operator`, and `orchestrator` for what devices bring about.
    package var tool: String {
        switch cause {
        case "schedule": cause
        case _ where RolloutRequest.Verb(rawValue: cause) != nil: "l45 rollout \(cause)"
        default: manager ?? (by != nil || cause == "operator" ? "operator" : "orchestrator")
        }
    }
}

/// The parts of an intent that different hands write, with the last hand of each; nil: it was before hands were recorded.
package struct IntentHands: Hashable, Codable, Sendable {
    /// Its manager holds the document: what another one would change of it is refused, unless forced.
    package var document: IntentHand?
    /// The edition of its dialects.
    package var edition: IntentHand?
    /// Whether it is paused; nil also where nobody ever paused it.
    package var pause: IntentHand?

    package init(document: IntentHand? = nil, edition: IntentHand? = nil, pause: IntentHand? = nil) {
        self.document = document
        self.edition = edition
        self.pause = pause
    }

    /// After a change of the record by `hand`.
    /// - Parameter old: nil: the intent is new.
    package func following(_ old: IntentRecord?, _ new: IntentRecord, by hand: IntentHand) -> IntentHands {
        var hands = old == nil ? IntentHands() : self
        if old?.source != new.source {
            var writer = hand
            // Who goes back to an earlier document takes it from nobody.
            if hand.cause == RolloutRequest.Verb.undo.rawValue { writer.manager = document?.manager }
            hands.document = writer
        }
        if old?.epoch != new.epoch { hands.edition = hand }
        if (old?.paused ?? false) != new.paused { hands.pause = hand }
        return hands
    }
}

/// Names by which tools hold documents against each other.
package enum FieldManager {
    /// Names that begin so are of git sources, which have rules of their own.
    package static let gitPrefix = "git/"

    /// Operators at a command line are one holder, whichever verb they use.
    package static func isByHand(_ manager: String?) -> Bool { manager?.hasPrefix("l45 ") ?? true }

    /// Whether what `holder` wrote is not to be changed by `manager` without force. What a git source wrote and keeps no longer
    /// is anybody's.
    package static func isHeld(by holder: IntentHand, against manager: String?) -> Bool {
        if let name = holder.manager, name.hasPrefix(gitPrefix) { return false }
        if isByHand(holder.manager) { return !isByHand(manager) }
        return holder.manager != manager
    }
}
