import GitSource
import Inventory
import L45Model
import Logging
import Reconciler

// The loop that looks at repositories. Git runs beside the orchestrator; what it found is decided upon in one piece.
extension NetworkOrchestrator {
    /// Until the task is cancelled.
    func followSources() async {
        await withDiscardingTaskGroup { group in
            // Passes are seldom where nothing moves.
            group.addTask {
                while !Task.isCancelled {
                    let wait = await self.sources.untilDue(self.now())
                    try? await Task.sleep(for: .milliseconds(wait.milliseconds))
                    self.sourceBell.ring()
                }
            }
            for await _ in sourceBell.rings {
                for name in sources.takeDue(now()) { group.addTask { await self.look(name) } }
            }
        }
    }

    /// With each pass: whether one is due, and whether what was applied is in force.
    func tendSources(_ time: Timestamp) {
        defer { resumeSourceWaiters() }
        guard !sources.entries.isEmpty else { return }
        if time - sources.healthAt >= .milliseconds(200) || time < sources.healthAt {
            sources.healthAt = time
            for name in sources.entries.keys.sorted() { tendHealth(of: name, time) }
        }
        if sources.isDue(time) { sourceBell.ring() }
    }

    private func tendHealth(of name: String, _ time: Timestamp) {
        guard let stored = sources.entries[name]?.stored else { return }
        if stored.standing.stall?.reason == .dependency, unready(stored.spec).isEmpty {
            sources.update(name) { $0.dueAt = time }
        }
        guard let commit = stored.standing.applied, stored.standing.healthy != commit, health(of: name) == .healthy
        else { return }
        change(name) { $0.healthy = commit }
        tell(name, "revision in force", ["commit": commit])
        // So that it is told.
        if isToldOf(stored.spec) { sources.update(name) { $0.dueAt = time } }
    }

    /// Those that it comes after and that are not healthy.
    private func unready(_ spec: SourceSpec) -> [String] {
        spec.after.filter { name in
            guard let standing = sources.entries[name]?.stored.standing, standing.stall == nil,
                standing.applied != nil, standing.applied == standing.observed
            else { return true }
            return health(of: name) != .healthy
        }
    }

    // MARK: One look

    private func look(_ name: String) async {
        guard let entry = sources.entries[name] else { return }
        do {
            let cache = try GitCache(entry.stored.spec, in: gitFolder)
            do {
                try await follow(entry, cache)
            } catch let refusal as GitCache.Refusal {
                if refusal.isCacheDamaged { cache.discard() }
                stall(entry, refusal.reason, refusal.description)
            }
            await tellOutside(name, cache)
        } catch let failure as APIFailure {
            stall(entry, .gitFailed, failure.message)
        } catch {
            if !(error is CancellationError) { stall(entry, .unavailable, "\(error)") }
        }
        sources.update(name) { $0.isUnderWay = false }
        sourceBell.ring()
        stir()
    }

    private func follow(_ entry: SourceBook.Entry, _ cache: GitCache) async throws {
        let spec = entry.stored.spec
        let said = try await cache.look()
        guard let seen = saw(entry, said) else { return }
        if SourceDecision.isSettled(
            head: said, spec, seen,
            drifted: !sources.drifted(spec.name, from: book).isEmpty || !driftedDevices(by: spec.manager).isEmpty,
            specChanged: seen.appliedSpec != Self.digest(spec))
        {
            return
        }
        let commit = try await cache.fetch(said)
        let sight = SourceDecision.Sight(
            head: commit, ancestry: try await cache.ancestry(of: commit.id, applied: seen.applied),
            signature: try await cache.signature(of: commit))
        guard let standing = present(entry)?.standing else { return }
        switch SourceDecision.decide(spec, standing, sight, unready: unready(spec), now: now()) {
        case .rest: return
        case .stall(let stall): self.stall(entry, stall.reason, stall.message, commit: commit, sight: sight)
        case .apply:
            do {
                let (files, faults) = try await cache.files(of: commit.id)
                let reading = try await Self.read(files, faults, commit.id, spec)
                try apply(reading, commit, sight, entry)
                try await cache.keep(commit.id)
            } catch let refusal as GitCache.Refusal {
                guard refusal.reason.isOfCommit else { throw refusal }
                stall(entry, refusal.reason, refusal.description, commit: commit, sight: sight)
            } catch let failure as APIFailure {
                let reason: SourceStall.Reason =
                    switch failure.code {
                    case .badInput, .conflict: .badIntents
                    case .notPermitted: .notPermitted
                    default: .unavailable
                    }
                let hint = failure.hint.map { "; \($0)" } ?? ""
                stall(
                    entry, reason, failure.message + hint, failure.diagnostics, commit: commit, sight: sight)
            }
        }
    }

    /// Beside the orchestrator's actor: a thousand files take a while.
    @concurrent
    private static func read(
        _ files: [APISource], _ faults: [String], _ commit: String, _ spec: SourceSpec
    ) async throws -> CommitReading {
        try CommitReading.read(
            files, faults, revision: GitCache.origin(spec.name, commit), manager: spec.manager)
    }

    private static func digest(_ spec: SourceSpec) -> Digest? { try? Digest(ofValue: spec) }

    /// What is stored of it, unless somebody had a hand on it since this look began.
    private func present(_ entry: SourceBook.Entry) -> StoredSource? {
        guard let now = sources.entries[entry.stored.spec.name], now.edition == entry.edition else { return nil }
        return now.stored
    }

    /// - Returns: nil: this look counts for nothing.
    private func saw(_ entry: SourceBook.Entry, _ head: String) -> SourceStanding? {
        let name = entry.stored.spec.name
        guard let stored = present(entry), !stored.standing.suspended else { return nil }
        let time = now()
        sources.update(name) { $0.lookedAt = time }
        let isReachedAgain = stored.standing.stall.map { !$0.reason.isOfCommit && $0.reason != .dependency } ?? false
        guard stored.standing.observed != head || stored.standing.failures > 0 || isReachedAgain else {
            return stored.standing
        }
        change(name) { standing in
            standing.observed = head
            standing.lookedAt = time
            standing.failures = 0
            if isReachedAgain { standing.stall = nil }
        }
        if isReachedAgain { resolveStall(name, why: "it is reached again") }
        return sources.entries[name]?.stored.standing
    }

    private func change(_ name: String, _ change: (inout SourceStanding) -> Void) {
        guard var stored = sources.entries[name]?.stored else { return }
        change(&stored.standing)
        sources.update(name) { $0.stored = stored }
        do { try inventory.put(stored) } catch {
            // It is known in memory, and seen again by the next look.
            logger.error("standing of a git source not stored", metadata: ["source": "\(name)", "error": "\(error)"])
        }
    }

    // MARK: Refusals

    private func stall(
        _ entry: SourceBook.Entry, _ reason: SourceStall.Reason, _ message: String, _ diagnostics: [String] = [],
        commit: GitCommit? = nil, sight: SourceDecision.Sight? = nil
    ) {
        let name = entry.stored.spec.name
        guard let before = present(entry)?.standing, !before.suspended else { return }
        let time = now()
        let old = before.stall
        let isSame = old?.reason == reason && old?.message == Alert.cut(message) && old?.commit == commit?.id
        let isAway = reason == .unreachable
        // The same again is not written again.
        guard !isSame || (isAway && before.failures < Self.failuresTold) else {
            return sources.update(name) { $0.lookedAt = time }
        }
        change(name) { standing in
            standing.lookedAt = time
            standing.attempted = commit?.id ?? standing.attempted
            standing.signature = sight.map { $0.signature.word } ?? standing.signature
            standing.failures = isAway ? standing.failures + 1 : 0
            standing.stall = SourceStall(
                reason, message, diagnostics: diagnostics, commit: commit?.id, since: isSame ? old?.since ?? time : time
            )
            guard let commit, reason.isOfCommit else { return }
            standing.remember(
                SourceRevision(
                    commit: commit.id, author: commit.author, subject: commit.subject, at: time, outcome: .refused,
                    message: message))
        }
        // One lost answer is no news.
        let failures = sources.entries[name]?.stored.standing.failures ?? 0
        if reason != .dependency, !isAway || failures == Self.failuresTold {
            raise(
                AlertFinding(
                    .sourceStalled, AlertSubject(other: "source/\(name)"), .warning,
                    expected: "\(entry.stored.spec.manager) goes on with \(entry.stored.spec.reference)",
                    seen: "\(reason.rawValue): \(message)"))
        }
        guard !isSame else { return }
        var facts = ["reason": reason.rawValue, "message": Alert.cut(message)]
        facts["commit"] = commit?.id
        facts["diagnostic"] = diagnostics.first.map { Alert.cut($0) }
        tell(name, severity: reason == .dependency ? .info : .warning, "source does not go on", facts)
        guard let commit, reason.isOfCommit else { return }
        let slot = slot(entry.stored, commit, time)
        do {
            try inventory.audit(slot, result: .refused, detail: "\(slot.detail ?? ""): \(message)")
        } catch {
            logger.error("not in the audit trail", metadata: ["verb": "apply", "error": "\(error)"])
        }
    }

    private static let failuresTold = 3

    private func resolveStall(_ name: String, why: String) {
        resolve(.sourceStalled, AlertSubject(other: "source/\(name)"), why: why)
    }

    // MARK: Applying

    private func caller(_ stored: StoredSource) -> Caller {
        Caller(
            name: stored.spec.manager, means: .git, from: stored.spec.url, role: .operate, scope: stored.standing.scope)
    }

    private func slot(_ stored: StoredSource, _ commit: GitCommit, _ time: Timestamp) -> AuditSlot {
        let slot = AuditSlot(caller: caller(stored), verb: "apply", objects: ["commit/\(commit.id)"], at: time)
        slot.say("commit \(commit.id) by \(commit.author)")
        return slot
    }

    /// All documents of a commit, or none: by the path that operators' applies take, under the rights of who added the source.
    private func apply(
        _ reading: CommitReading, _ commit: GitCommit, _ sight: SourceDecision.Sight, _ entry: SourceBook.Entry
    ) throws {
        guard var stored = present(entry), !stored.standing.suspended else { return }
        let name = stored.spec.name
        let time = now()
        let documents = reading.intents.documents
        try refuseOthers(documents, of: name)
        let mine = sources.owned(by: name)
        let before = book
        let call = OperatorCall(caller: caller(stored), devices: try covered(by: stored.standing.scope))
        let slot = slot(stored, commit, time)
        let isNew = stored.standing.applied != commit.id
        let declaring = try declaration(reading, of: stored)
        let proposal = try OperatorCall.$current.withValue(call) {
            try AuditSlot.$current.withValue(slot) {
                let proposal = try propose(
                    reading.intents, prune: stored.spec.prune,
                    sparing: Set(book.records.keys).subtracting(mine.keys), declaring: declaring, time)
                let changed = proposal.outcomes.filter { $0.outcome != .unchanged }
                slot.name(
                    ["commit/\(commit.id)"] + (declaring.map { Self.objects(of: $0.result(dryRun: false)) } ?? [])
                        + changed.map { "intent/\($0.name) \($0.outcome.rawValue)" })
                if proposal.isNothing {
                    if isNew { try inventory.audit(slot, result: .unchanged, detail: slot.detail) }
                } else {
                    try refuseWideSelectors(proposal)
                    try adopt(
                        proposal.planned, removed: proposal.removed,
                        cause: GitCache.origin(stored.spec.manager, commit.id), manager: stored.spec.manager,
                        declaring: declaring, time)
                }
                return proposal
            }
        }
        // A transaction of its own: killed in between, the next look finds the same commit and nothing to change.
        let owned = documents.map { IntentOwner(intent: $0.key, source: name, digest: SourceBook.digest($0.value)) }
            .filter { sources.owners[$0.intent] != $0 }
        let released = mine.keys.filter { documents[$0] == nil }
        tellOfOwners(name, owned, released, before, time)
        if let left = declaring?.released, !left.isEmpty {
            tell(
                name, severity: .warning, "labels left to operators",
                ["devices": Alert.cut(left.joined(separator: ", "))])
        }
        stored.standing = applied(stored, commit, sight, proposal, isNew: isNew, time)
        try inventory.put(stored, owned: owned, released: released)
        sources.own(owned, released: released)
        sources.update(name) { $0.stored = stored }
        resolveStall(name, why: "\(commit.id.prefix(12)) is applied")
        passAtOnce()
    }

    private func applied(
        _ stored: StoredSource, _ commit: GitCommit, _ sight: SourceDecision.Sight, _ proposal: Proposal,
        isNew: Bool, _ time: Timestamp
    ) -> SourceStanding {
        var standing = stored.standing
        standing.attempted = commit.id
        standing.observed = commit.id
        standing.applied = commit.id
        standing.appliedAt = time
        standing.appliedSpec = Self.digest(stored.spec)
        standing.stall = nil
        standing.failures = 0
        standing.lookedAt = time
        standing.signature = sight.signature.word
        let counts = ApplyResult.Outcome.allCases.compactMap { outcome in
            let count = proposal.outcomes.count { $0.outcome == outcome }
            return count > 0 ? "\(count) \(outcome.rawValue)" : nil
        }
        let declared = proposal.declaring?.result(dryRun: false)
        var message = counts.joined(separator: ", ")
        if let declared, !declared.all.isEmpty {
            message += (message.isEmpty ? "" : "; ") + "inventory: \(declared.counts)"
        }
        if isNew || proposal.outcomes.contains(where: { $0.outcome != .unchanged }) || declared?.differs ?? false {
            standing.healthy = nil
            standing.remember(
                SourceRevision(
                    commit: commit.id, author: commit.author, subject: commit.subject, at: time,
                    outcome: isNew ? .applied : .corrected, message: message))
            tell(
                stored.spec.name, isNew ? "revision applied" : "drift corrected",
                ["commit": commit.id, "author": commit.author, "intents": message])
        }
        return standing
    }

    /// What the commit's inventory comes to; nil: it has none, and the commits before had none.
    /// - Throws: `notPermitted` where who added the source may not label the whole fleet; `conflict` where somebody else labels
    ///   a device otherwise.
    private func declaration(
        _ reading: CommitReading, of stored: StoredSource
    ) throws -> DeclaredFleet.Change? {
        let manager = stored.spec.manager
        let isDeclaring = declared.declarers.contains(manager)
        guard reading.inventory != nil || isDeclaring else { return nil }
        let scope = stored.standing.scope
        guard scope.isEverything else {
            throw APIFailure(
                .notPermitted,
                "an inventory is about the whole fleet, and \(manager) was added by '\(stored.standing.addedBy)', whose "
                    + "rights are for \(scope); nothing was changed")
        }
        return try declared.change(
            DeclareRequest(
                devices: reading.inventory ?? [], middleboxes: reading.middleboxes, declarers: [manager]),
            enrolled: fleet.devices.values.map(\.device), labels: try self.inventory.operatorLabels(),
            takesBack: stored.spec.prune)
    }

    /// - Throws: `conflict` where two sources say what an intent is.
    private func refuseOthers(_ documents: [IntentName: String], of name: String) throws(APIFailure) {
        let others = documents.keys.filter { sources.owners[$0].map { $0.source != name } ?? false }.sorted()
        guard let first = others.first, let owner = sources.owners[first] else { return }
        let more = others.count > 1 ? " and \(others.count - 1) more are" : " is"
        throw APIFailure(
            .conflict, "intent '\(first)'\(more) kept by git/\(owner.source) already; nothing was changed",
            hint: "name it otherwise in one of the repositories")
    }

    private func tellOfOwners(
        _ name: String, _ owned: [IntentOwner], _ released: [IntentName], _ before: IntentBook, _ time: Timestamp
    ) {
        for owner in owned where sources.owners[owner.intent] == nil && before.records[owner.intent] != nil {
            var facts = ["intent": "\(owner.intent)"]
            facts["from"] = before.hands[owner.intent]?.document.map { $0.manager ?? $0.tool }
            tell(name, "intent taken over", facts)
        }
        for intent in released.sorted() where book.records[intent] != nil {
            tell(name, severity: .warning, "intent left to operators", ["intent": "\(intent)"])
        }
    }

    // MARK: Telling who committed

    private func isToldOf(_ spec: SourceSpec) -> Bool { spec.notes || configuration.git.hook != nil }

    private func tellOutside(_ name: String, _ cache: GitCache) async {
        guard let stored = sources.entries[name]?.stored, isToldOf(stored.spec), let word = stored.standing.word,
            word != stored.standing.told
        else { return }
        let faults = word.state == .refused ? stored.standing.stall?.diagnostics ?? [] : []
        let news = SourceNews(
            stored.spec, word, diagnostics: faults, intents: sources.owned(by: name).count, at: now())
        do {
            if stored.spec.notes { try await cache.note(word.commit, news.text) }
            if let hook = configuration.git.hook { try await SourceHook(hook).run(news) }
        } catch {
            // Tried again with the next look.
            return tell(
                name, severity: .warning, "what became of a commit was not told",
                ["commit": word.commit, "reason": Alert.cut("\(error)")])
        }
        change(name) { $0.told = word }
    }
}
