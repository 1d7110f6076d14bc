/// A hand on the git repositories that are followed.
package struct SourceRequest: Hashable, Codable, Sendable {
    package enum Verb: String, Hashable, Codable, Sendable, CaseIterable {
        /// Follow it; one of the same name is changed to this.
        case add
        /// Follow it no more. Its intents stay, and are nobody's, unless `withdraw`.
        case remove
        case suspend
        case resume
        /// Look at it now.
        case sync
    }

    package var verb: Verb
    package var name: String
    /// Of `add`.
    package var spec: SourceSpec?
    /// Of `remove`: withdraw its intents.
    package var withdraw: Bool

    package init(_ verb: Verb, _ name: String, withdraw: Bool = false) {
        self.verb = verb
        self.name = name
        self.withdraw = withdraw
    }

    package init(add spec: SourceSpec) {
        verb = .add
        name = spec.name
        self.spec = spec
        withdraw = false
    }
}

/// Which sources to read; none named: all.
package struct SourceQuery: Hashable, Codable, Sendable {
    package var names: [String]
    package init(names: [String] = []) { self.names = names }
}

/// A source as operators see it. Signers' keys are left out.
package struct SourceView: Hashable, Codable, Sendable {
    package var name: String
    package var url: String
    package var reference: String
    package var folder: String
    package var every: String
    package var prune: Bool
    package var drift: SourceDrift
    package var allowsForcePush: Bool
    /// `gpg`, `ssh`; nil: not asked for.
    package var verify: SignatureDemand.Kind?
    package var verifyRequired: Bool
    package var after: [String]
    package var notes: Bool
    package var addedBy: String
    package var addedAt: APITime
    package var scope: LabelScope
    package var ready: Bool
    package var suspended: Bool
    package var conditions: [Condition]
    package var observedRevision: String?
    package var lastAttemptedRevision: String?
    package var lastAppliedRevision: String?
    package var lookedAt: APITime?
    /// Why the last one was refused, with file, line and column.
    package var diagnostics: [String]
    /// Intents that it keeps.
    package var intents: [IntentName]
    /// Of these, those that are not as it says.
    package var drifted: [IntentName]
    /// Devices that it declares, by name; nil: its repository has no inventory.
    package var devices: [String]?
    /// Of these, those whose labels are not as it says.
    package var driftedDevices: [String]?
    /// Newest last.
    package var history: [SourceRevision]

    package init(
        _ spec: SourceSpec, _ standing: SourceStanding, intents: [IntentName], drifted: [IntentName],
        devices: [String] = [], driftedDevices: [String] = [], health: SourceHealth, now: Timestamp
    ) {
        self.devices = devices.isEmpty ? nil : devices
        self.driftedDevices = devices.isEmpty ? nil : driftedDevices
        name = spec.name
        url = spec.url
        reference = "\(spec.reference)"
        folder = spec.folder
        every = "\(spec.every)"
        prune = spec.prune
        drift = spec.drift
        allowsForcePush = spec.allowsForcePush
        verify = spec.signature?.kind
        verifyRequired = spec.signature?.required ?? false
        after = spec.after
        notes = spec.notes
        addedBy = standing.addedBy
        addedAt = APITime(standing.addedAt)
        scope = standing.scope
        suspended = standing.suspended
        observedRevision = standing.observed
        lastAttemptedRevision = standing.attempted
        lastAppliedRevision = standing.applied
        lookedAt = APITime(known: standing.lookedAt)
        diagnostics = standing.stall?.diagnostics ?? []
        self.intents = intents
        self.drifted = drifted
        history = standing.history
        conditions = SourceConditions.of(
            spec, standing, drifted: drifted.map(\.rawValue) + driftedDevices.map { "labels of \($0)" }, health: health)
        ready = conditions.contains { $0.type == "Ready" && $0.status == .yes }
    }
}

/// Whether the intents of a source are all in force.
package enum SourceHealth: Hashable, Sendable {
    /// Nothing was applied yet.
    case unknown
    case healthy
    /// So many of so many are not settled; the first of them and what it waits for.
    case progressing(waiting: Int, of: Int, first: String)
    /// A rollout is halted, or an intent no longer fits.
    case degraded(String)
}

/// What is said of a source, from its standing alone.
package enum SourceConditions {
    package static func of(
        _ spec: SourceSpec, _ standing: SourceStanding, drifted: [String], health: SourceHealth
    ) -> [Condition] {
        var all = [ready(standing)]
        if let stall = standing.stall, stall.reason.isOfCommit {
            all.append(
                Condition(
                    type: "Stalled", status: .yes, reason: stall.reason.rawValue, message: stall.message,
                    since: stall.since))
        } else {
            all.append(
                Condition(type: "Stalled", status: .no, reason: "GoesOn", message: "it tries again", since: nil))
        }
        all.append(of(health))
        if standing.suspended {
            all.append(
                Condition(
                    type: "Suspended", status: .yes, reason: "Operator",
                    message: "not looked at; 'l45 source resume \(spec.name)' goes on", since: nil))
        }
        if let signature = standing.signature, spec.signature != nil {
            all.append(
                Condition(
                    type: "Verified", status: signature == "good" ? .yes : .no,
                    reason: signature == "good" ? "GoodSignature" : "NoGoodSignature", message: signature, since: nil))
        }
        if !drifted.isEmpty {
            let names = drifted.prefix(5).joined(separator: ", ")
            all.append(
                Condition(
                    type: "Drifted", status: .yes, reason: spec.drift == .keep ? "Kept" : "Correcting",
                    message: "not as the repository says: \(names)" + (drifted.count > 5 ? ", ..." : ""), since: nil))
        }
        return all
    }

    private static func ready(_ standing: SourceStanding) -> Condition {
        let applied = standing.applied.map { "; \($0.prefix(12)) stays in force" } ?? ""
        if let stall = standing.stall {
            return Condition(
                type: "Ready", status: .no, reason: stall.reason.rawValue, message: stall.message + applied,
                since: stall.since)
        }
        guard let commit = standing.applied else {
            return Condition(
                type: "Ready", status: .unknown, reason: "NotLooked", message: "it was not looked at yet", since: nil)
        }
        return Condition(
            type: "Ready", status: .yes, reason: "Applied", message: "\(commit.prefix(12)) is applied",
            since: standing.appliedAt)
    }

    private static func of(_ health: SourceHealth) -> Condition {
        switch health {
        case .unknown:
            Condition(
                type: "Healthy", status: .unknown, reason: "NothingApplied", message: "nothing was applied yet",
                since: nil)
        case .healthy:
            Condition(
                type: "Healthy", status: .yes, reason: "Settled", message: "every intent of it is settled", since: nil)
        case .progressing(let waiting, let all, let first):
            Condition(
                type: "Healthy", status: .no, reason: "Progressing",
                message: "\(waiting) of \(counted(all, "intent")) on the way; \(first)", since: nil)
        case .degraded(let why):
            Condition(type: "Healthy", status: .no, reason: "Degraded", message: why, since: nil)
        }
    }
}
