package import L45Model

/// What to do with a source, from what it is to be and what git says of it. Pure.
package enum SourceDecision: Hashable, Sendable {
    /// Everything is as the repository says.
    case rest
    /// Put the commit that was seen in force.
    case apply
    /// What is in force stays so.
    case stall(SourceStall)

    /// How a commit stands to the one applied last.
    package enum Ancestry: Hashable, Sendable {
        /// Nothing was applied yet.
        case first
        case same
        /// It goes on from it.
        case descends
        /// It does not: somebody rewrote history.
        case diverged
    }

    package enum Signature: Hashable, Sendable {
        case notAskedFor
        case unsigned
        case good
        /// What the program that looked said.
        case bad(String)

        /// As `SourceStanding.signature` keeps it.
        package var word: String? {
            switch self {
            case .notAskedFor: nil
            case .unsigned: "the commit is not signed"
            case .good: "good"
            case .bad(let said): said
            }
        }
    }

    /// What is known of the commit that the repository has now.
    package struct Sight: Hashable, Sendable {
        package var head: GitCommit
        package var ancestry: Ancestry
        package var signature: Signature

        package init(head: GitCommit, ancestry: Ancestry, signature: Signature) {
            self.head = head
            self.ancestry = ancestry
            self.signature = signature
        }
    }

    /// Whether more than the remote's word for its head is needed: nothing is fetched for a repository that is as it was.
    /// - Parameter specChanged: since the commit was applied.
    package static func isSettled(
        head: String, _ spec: SourceSpec, _ standing: SourceStanding, drifted: Bool, specChanged: Bool
    ) -> Bool {
        head == standing.applied && standing.stall == nil && !specChanged && !(drifted && spec.drift == .correct)
    }

    /// - Parameter unready: sources that this one comes after and that are not healthy.
    package static func decide(
        _ spec: SourceSpec, _ standing: SourceStanding, _ sight: Sight, unready: [String], now: Timestamp
    ) -> SourceDecision {
        func stall(_ reason: SourceStall.Reason, _ message: String) -> SourceDecision {
            // A stall that goes on began when it began.
            let before = standing.stall
            let isSame = before?.reason == reason && before?.commit == sight.head.id && before?.message == message
            return .stall(
                SourceStall(reason, message, commit: sight.head.id, since: isSame ? before?.since ?? now : now))
        }
        if standing.suspended { return .rest }
        let short = sight.head.id.prefix(12)
        if let demand = spec.signature {
            switch sight.signature {
            case .good: break
            case .unsigned where !demand.required: break
            case .unsigned, .notAskedFor:
                return stall(
                    .notSigned, "\(short) by \(sight.head.author) is not signed, and only signed commits are taken")
            case .bad(let said):
                return stall(.badSignature, "the signature of \(short) is not one of the known signers: \(said)")
            }
        }
        if sight.ancestry == .diverged, !spec.allowsForcePush {
            let applied = standing.applied?.prefix(12) ?? ""
            return stall(
                .forcePushed,
                "\(short) does not go on from \(applied): history was rewritten; push a revert, or allow it with --allow-force-push"
            )
        }
        if !unready.isEmpty {
            return stall(.dependency, "waits for \(unready.sorted().joined(separator: ", ")) to be healthy")
        }
        return .apply
    }
}
