/// Something that is wrong, or was, and that somebody should know of: what was expected, what was seen instead.
///
/// One alert stands for all occasions of one kind and subject, from the first until it is resolved: occasions count up, rows do
/// not. What comes after it was resolved is an alert of its own. None of its texts holds a secret.
package struct Alert: Hashable, Codable, Sendable {
    package enum State: String, Hashable, Codable, Sendable, CaseIterable {
        case open
        /// Somebody has said that they look after it; it holds still.
        case acknowledged
        /// It is over, by the orchestrator's own finding or by an operator's word.
        case resolved
    }

    package var id: AlertID
    package var kind: AlertKind
    package var severity: AlertSeverity
    package var subject: AlertSubject
    /// In words, as are the following.
    package var expected: String
    package var seen: String
    package var firstSeen: Timestamp
    package var lastSeen: Timestamp
    /// Occasions, 1 or more.
    package var count: UInt64
    package var state: State
    /// Who acknowledged it, `alice@ops-1`; nil: nobody.
    package var acknowledgedBy: String?
    package var acknowledgedAt: Timestamp?
    /// What they had to say.
    package var note: String?
    package var resolvedAt: Timestamp?
    /// Why it is over: what the monitor saw, or who said so.
    package var resolution: String?

    /// An alert's texts are cut to this many bytes each: they come from devices too.
    package static let textBytesMax = 2048

    package init(_ id: AlertID, _ finding: AlertFinding, at now: Timestamp) {
        self.id = id
        kind = finding.kind
        severity = finding.severity
        subject = finding.subject
        expected = Self.cut(finding.expected)
        seen = Self.cut(finding.seen)
        firstSeen = now
        lastSeen = now
        count = 1
        state = .open
    }

    package var key: AlertKey { AlertKey(kind, subject) }

    /// Without control characters, and within `textBytesMax`.
    package static func cut(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        var bytes = 0
        for scalar in text.unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control
            let shown: Unicode.Scalar = isControl ? " " : scalar
            bytes += UTF8.width(shown)
            guard bytes <= textBytesMax - 3 else { return String(kept) + "..." }
            kept.append(shown)
        }
        return String(kept)
    }
}

/// An alert's number: grows with each and is never used again.
package struct AlertID: Identifier {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// How bad it is.
package enum AlertSeverity: String, Hashable, Codable, Sendable, CaseIterable, Comparable {
    /// Worth knowing.
    case notice
    /// Something does not work as it should.
    case warning
    /// Somebody may be at work against the fleet, or a part of it is out of control.
    case critical

    package static func < (a: AlertSeverity, b: AlertSeverity) -> Bool { a.rank < b.rank }
    private var rank: Int {
        switch self {
        case .notice: 0
        case .warning: 1
        case .critical: 2
        }
    }
}

/// What was found, before it is an alert: what is raised.
package struct AlertFinding: Hashable, Sendable {
    package var kind: AlertKind
    package var severity: AlertSeverity
    package var subject: AlertSubject
    /// In words, with the numbers; never a secret.
    package var expected: String
    package var seen: String

    package init(
        _ kind: AlertKind, _ subject: AlertSubject, _ severity: AlertSeverity, expected: String, seen: String
    ) {
        self.kind = kind
        self.severity = severity
        self.subject = subject
        self.expected = expected
        self.seen = seen
    }

    package var key: AlertKey { AlertKey(kind, subject) }
}
