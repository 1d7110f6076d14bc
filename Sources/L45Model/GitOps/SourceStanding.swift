/// How far a source has come: what the orchestrator still knows of it after it was killed.
package struct SourceStanding: Hashable, Codable, Sendable {
    package var addedAt: Timestamp
    package var addedBy: String
    /// The devices that its intents may reach: those of whoever added it.
    package var scope: LabelScope
    package var suspended = false
    /// The commit that the repository had at the last look.
    package var observed: String?
    package var attempted: String?
    /// In force, and the one that stays so when a later one is refused.
    package var applied: String?
    package var appliedAt: Timestamp?
    /// Of the spec that `applied` was applied by.
    package var appliedSpec: Digest?
    package var lookedAt: Timestamp?
    /// Looks in a row that did not reach the repository.
    package var failures = 0
    /// Why it does not go on; nil: it does.
    package var stall: SourceStall?
    /// What is true of the last commit that was looked into: `good`, or why not; nil: not asked for.
    package var signature: String?
    /// The revision that every intent of it was once settled at.
    package var healthy: String?
    /// What was last written into notes, or told to the hook.
    package var told: SourceWord?
    /// Newest last, at most `historyMax`.
    package var history: [SourceRevision] = []

    package static let historyMax = 20

    package init(addedAt: Timestamp, addedBy: String, scope: LabelScope) {
        self.addedAt = addedAt
        self.addedBy = addedBy
        self.scope = scope
    }

    /// One more line; a repetition of the last one only moves its time.
    package mutating func remember(_ revision: SourceRevision) {
        if let last = history.last, last.commit == revision.commit, last.outcome == revision.outcome,
            last.message == revision.message
        {
            history[history.count - 1].at = revision.at
            return
        }
        history.append(revision)
        if history.count > Self.historyMax { history.removeFirst(history.count - Self.historyMax) }
    }

    /// What there is to tell of it: of the commit that was refused, or else of the one in force.
    package var word: SourceWord? {
        if let stall, let commit = stall.commit, stall.reason.isOfCommit {
            return SourceWord(commit: commit, state: .refused, text: stall.message)
        }
        return applied.map { SourceWord(commit: $0, state: healthy == $0 ? .healthy : .applied, text: "") }
    }
}

/// Why a source does not go on. What was applied last stays in force.
package struct SourceStall: Hashable, Codable, Sendable {
    package enum Reason: String, Hashable, Codable, Sendable, CaseIterable {
        /// The repository does not answer, or is gone.
        case unreachable = "Unreachable"
        /// It has no such branch, tag or commit.
        case referenceMissing = "ReferenceMissing"
        case folderMissing = "FolderMissing"
        /// No YAML file: that withdraws nothing.
        case noIntents = "NoIntents"
        /// The intents do not compile, do not fit, or are not this source's to change.
        case badIntents = "BadIntents"
        case forcePushed = "ForcePushed"
        case notSigned = "NotSigned"
        case badSignature = "BadSignature"
        /// A source that it comes after is not healthy yet.
        case dependency = "DependencyNotReady"
        /// Beyond the rights of whoever added it.
        case notPermitted = "NotPermitted"
        case gitFailed = "GitFailed"
        case unavailable = "Unavailable"

        /// Another commit is needed, or another policy: trying again alone helps little.
        package var isOfCommit: Bool {
            switch self {
            case .folderMissing, .noIntents, .badIntents, .forcePushed, .notSigned, .badSignature, .notPermitted: true
            case .unreachable, .referenceMissing, .dependency, .gitFailed, .unavailable: false
            }
        }
    }

    package var reason: Reason
    /// One sentence.
    package var message: String
    /// With file, line and column, rendered.
    package var diagnostics: [String]
    package var commit: String?
    package var since: Timestamp

    package static let diagnosticsMax = 50

    package init(
        _ reason: Reason, _ message: String, diagnostics: [String] = [], commit: String? = nil, since: Timestamp
    ) {
        self.reason = reason
        self.message = Alert.cut(message)
        self.diagnostics = Array(diagnostics.prefix(Self.diagnosticsMax))
        self.commit = commit
        self.since = since
    }
}

/// One revision that was tried.
package struct SourceRevision: Hashable, Codable, Sendable {
    package enum Outcome: String, Hashable, Codable, Sendable { case applied, corrected, refused }
    package var commit: String
    /// `Jane Doe <jane@example.org>`, as the commit says; anybody can write anything there unless it is signed.
    package var author: String
    /// The first line of what the author wrote.
    package var subject: String
    package var at: APITime
    package var outcome: Outcome
    /// What it came to, or why it was refused.
    package var message: String

    package init(commit: String, author: String, subject: String, at: Timestamp, outcome: Outcome, message: String) {
        self.commit = commit
        self.author = author
        self.subject = subject
        self.at = APITime(at)
        self.outcome = outcome
        self.message = Alert.cut(message)
    }
}

/// What became of a commit, as it is told to those who made it.
package struct SourceWord: Hashable, Codable, Sendable {
    package enum State: String, Hashable, Codable, Sendable { case applied, healthy, refused }
    package var commit: String
    package var state: State
    package var text: String

    package init(commit: String, state: State, text: String) {
        self.commit = commit
        self.state = state
        self.text = text
    }
}

/// That an intent is kept by a source, and what that says it is.
package struct IntentOwner: Hashable, Codable, Sendable {
    package var intent: IntentName
    package var source: String
    /// Of the document as the revision in force has it.
    package var digest: Digest

    package init(intent: IntentName, source: String, digest: Digest) {
        self.intent = intent
        self.source = source
        self.digest = digest
    }
}
