import L45Model

/// Whether a git source has come to a commit, from its view alone.
enum SourceGoal {
    /// - Parameter commit: by the start of its name; nil: the one that the repository was last seen at.
    static func judge(_ source: SourceView, commit: String?, now: Timestamp) -> WaitGoal.Verdict {
        let applied = source.lastAppliedRevision
        let wanted = commit ?? source.observedRevision
        if let wanted, let applied, applied.hasPrefix(wanted), commit != nil || source.ready { return .met }
        if source.suspended {
            return .waiting(["it is suspended: 'l45 source resume \(source.name)' goes on"])
        }
        if let stalled = source.condition("Stalled"), stalled.status == .yes {
            let refused = source.lastAttemptedRevision ?? ""
            let faults = source.diagnostics.prefix(diagnosticsMax).flatMap {
                $0.split(separator: "\n").map(String.init)
            }
            let lines =
                ["commit \(SourcesTable.revision(refused)) is refused: \(stalled.message)"] + faults
                + ["another commit goes on; 'l45 describe source \(source.name)' has all of it"]
            // Where no commit is named, a better one may be on its way.
            guard let commit, refused.hasPrefix(commit) else { return .waiting(lines) }
            return .halted(lines)
        }
        let ready = source.condition("Ready")
        if ready?.status == .no { return .waiting([ready?.message ?? ""]) }
        let at = "its repository was last seen at \(SourcesTable.revision(source.observedRevision))"
        let has = "\(SourcesTable.revision(applied)) is applied"
        return .waiting(["\(at), looked at \(Age.ago(source.lookedAt, now)); \(has)"])
    }

    static func health(_ source: SourceView) -> WaitGoal.Verdict {
        guard let healthy = source.condition("Healthy"), healthy.status != .yes else { return .met }
        return .waiting([healthy.message])
    }

    private static let diagnosticsMax = 5
}
