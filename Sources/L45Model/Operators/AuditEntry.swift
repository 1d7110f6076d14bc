package import Foundation

/// One line of the audit trail: who did what to what, when, from where, and what came of it.
package struct AuditEntry: Hashable, Codable, Sendable {
    package enum Result: String, Hashable, Codable, Sendable, CaseIterable {
        case done
        /// Nothing differed from what was.
        case unchanged
        /// By rights, by rule or for bad input: nothing was changed.
        case refused
        /// It could not be carried out; nothing was changed unless `detail` says so.
        case failed
    }

    /// 1 for the first; each one more than the one before.
    package var number: Int64
    package var at: APITime
    package var who: String
    package var means: Caller.Means
    package var from: String
    package var role: OperatorRole
    package var scope: LabelScope
    /// As `l45 audit` shows it: `apply`, `operator add`.
    package var verb: String
    /// `intent/dns`, `device/3f…`.
    package var objects: [String]
    package var result: Result
    /// Why it was refused, or what it came to.
    package var detail: String?
    /// `hash` of the entry before; 64 zeros before the first.
    package var previous: Digest

    package init(
        number: Int64, at: Timestamp, caller: Caller, verb: String, objects: [String], result: Result,
        detail: String?, previous: Digest
    ) {
        self.number = number
        self.at = APITime(at)
        who = caller.name
        means = caller.means
        from = caller.from
        role = caller.role
        scope = caller.scope
        self.verb = verb
        self.objects = objects
        self.result = result
        self.detail = detail
        self.previous = previous
    }

    /// What stands before the first entry.
    package static let beginning = Digest(hex: String(repeating: "0", count: 64))

    /// The bytes that are stored, exported and hashed: canonical JSON, keys sorted, no white space.
    package var content: Data { get throws { try CanonicalJSON.encode(self) } }
}

/// An entry with its place in the chain: SHA-256 over `AuditEntry.content`, which holds the hash of the entry before. So that
/// the chain can be followed without any key, by any tool.
package struct ChainedAuditEntry: Hashable, Codable, Sendable {
    package var entry: AuditEntry
    package var hash: Digest

    package init(entry: AuditEntry, hash: Digest) {
        self.entry = entry
        self.hash = hash
    }
}

/// Which stretch of the trail to read.
package struct AuditQuery: Hashable, Codable, Sendable {
    /// At or after this time alone.
    package var since: APITime?
    /// After this number alone; 0 from the first.
    package var after: Int64
    /// 1 to `limitMax`.
    package var limit: Int

    package static let limitMax = 1000

    package init(since: APITime? = nil, after: Int64 = 0, limit: Int = AuditQuery.limitMax) {
        self.since = since
        self.after = after
        self.limit = limit
    }
}

/// A place in the chain that somebody noted down elsewhere.
package struct AuditMark: Hashable, Codable, Sendable, CustomStringConvertible {
    package var number: Int64
    package var hash: Digest

    package init(number: Int64, hash: Digest) {
        self.number = number
        self.hash = hash
    }

    /// Reads `17:9f3c…`, as `description` writes it.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int64(parts[0]), number > 0, parts[1].utf8.count == 64,
            Hex.bytes(String(parts[1])) != nil
        else { return nil }
        self.init(number: number, hash: Digest(hex: parts[1].lowercased()))
    }

    package var description: String { "\(number):\(hash)" }
}

/// Asks whether the trail is whole.
package struct AuditCheck: Hashable, Codable, Sendable {
    /// Must still be in the chain as it was then: what shows that a whole CIB of earlier days was put in place of this one.
    package var known: AuditMark?
    package init(known: AuditMark? = nil) { self.known = known }
}

/// What a look at the whole trail found.
package struct AuditVerdict: Hashable, Codable, Sendable {
    package struct Fault: Hashable, Codable, Sendable {
        /// The first entry that is not as it was written.
        package var number: Int64
        package var reason: String
        package init(number: Int64, reason: String) {
            self.number = number
            self.reason = reason
        }
    }

    /// Entries that are whole, from the first on.
    package var whole: Int64
    /// The last whole one; to be noted down elsewhere. nil: there is none.
    package var last: AuditMark?
    package var fault: Fault?

    package init(whole: Int64, last: AuditMark?, fault: Fault?) {
        self.whole = whole
        self.last = last
        self.fault = fault
    }
}
