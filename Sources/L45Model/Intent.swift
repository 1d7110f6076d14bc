/// An intent as its author wrote it, and how far its rotation has come.
package struct IntentRecord: Hashable, Codable, Sendable {
    package var name: IntentName
    /// Grows by one with each change of `source`.
    package var revision: Generation
    /// The YAML document, byte for byte.
    package var source: String
    /// Where it came from, for messages: a file name, `-`, a commit.
    package var origin: String
    /// The edition of its dialects that devices are to speak.
    package var epoch: Epoch
    /// The largest edition ever used: a rollback goes to an older one, the next rotation to one above this.
    package var epochMax: Epoch
    package var epochSince: Timestamp
    /// Halted by the operator: nothing of it moves until resumed.
    package var paused: Bool

    package init(
        name: IntentName, revision: Generation = Generation(1), source: String, origin: String,
        epoch: Epoch = .first, epochMax: Epoch = .first, epochSince: Timestamp = .never, paused: Bool = false
    ) {
        self.name = name
        self.revision = revision
        self.source = source
        self.origin = origin
        self.epoch = epoch
        self.epochMax = epochMax
        self.epochSince = epochSince
        self.paused = paused
    }
}

/// Something that happened, for the trail: constant message, facts beside it.
package struct Event: Hashable, Codable, Sendable {
    package enum Severity: String, Hashable, Codable, Sendable { case info, warning, alert }
    package var at: Timestamp
    package var severity: Severity
    /// What it is about: `intent/dns`, `device/3f…`, `flow/dns/0`.
    package var subject: String
    /// A constant of the code, `module installed`.
    package var message: String
    package var facts: [String: String]

    package init(
        at: Timestamp, severity: Severity = .info, subject: String, message: String, facts: [String: String] = [:]
    ) {
        self.at = at
        self.severity = severity
        self.subject = subject
        self.message = message
        self.facts = facts
    }
}
