package import ControlChannel
import KernelTap
package import L45Model

/// The agent's decisions: what to do with a table, what to say to the orchestrator, and when. Pure: time and events in,
/// effects out.
///
/// A table goes into the ledger first and is published then, so that the ledger is never behind the tap: after a crash
/// between the two, the ledger is published again at start. What a report says comes from the tap alone.
package struct AgentMachine: Sendable {
    package let identity: AgentFacts
    /// What the device has taken on.
    package internal(set) var ledger: Ledger?

    var ledgerDigest: Digest?
    /// What was wrong with the ledger at start.
    var startProblem: String?
    var artifactsHeld: Set<Digest>
    /// Bytes that are there of artifacts on their way.
    var artifactsBegun: [Digest: Int]

    /// The tap's latest word.
    var reading: TapReading?
    /// A table that is being taken on.
    var taking: Taking?
    /// The ledger's table has been given to this tap by this process.
    var hasPublished = false
    /// The modules that the tap had before the next `published`; nil: not known, an earlier process gave them to it.
    var enforced: [ModuleEntry]?
    var settling: Settling?
    var publishProblem: String?
    var readProblem: String?
    var republishAt: Timestamp = .never
    var republishDelay = Self.retryMin

    var isConnected = false
    var reportEvery = Span.seconds(30)
    /// When the tap is read next, whatever happens.
    var readAt: Timestamp = .never
    /// The next reading is to be reported.
    var isReportDue = false
    /// nil: nothing was reported over this connection.
    var reported: Reported?
    /// Not sent yet: there was no connection.
    var unsent: [Event] = []
    var notices = NoticeGate()
    private var latest: Timestamp = .never

    static let retryMin = Span.seconds(1)
    static let retryMax = Span.seconds(60)
    static let unsentMax = 256
    /// What an orchestrator may ask for; outside, the nearest is taken.
    package static let reportEveryRange = Span.milliseconds(100)...Span.seconds(3600)

    enum Taking: Hashable, Sendable {
        /// Its files are on their way; the first is asked for.
        case fetching(DeviceTable, [ArtifactFetch])
        /// It is on its way into the ledger.
        case storing(Ledger)

        var table: DeviceTable {
            switch self {
            case .fetching(let table, _): table
            case .storing(let ledger): ledger.table
            }
        }
    }

    /// - Parameters:
    ///   - ledger: as an earlier process left it.
    ///   - ledgerProblem: what was wrong with it, for the operator.
    ///   - artifacts: what the store holds.
    package init(
        identity: AgentFacts, ledger: Ledger? = nil, ledgerProblem: String? = nil,
        artifacts: ArtifactStore.Contents = ArtifactStore.Contents()
    ) {
        self.identity = identity
        self.ledger = ledger
        ledgerDigest = ledger.flatMap { try? $0.table.contentDigest() }
        startProblem = ledgerProblem
        artifactsHeld = artifacts.held
        artifactsBegun = artifacts.begun
    }

    /// The device's check-in as it stands.
    package var hello: AgentHello {
        AgentHello(facts: identity.facts, bootID: identity.bootID, ledgerGeneration: fence)
    }

    /// The newest generation that ledger or tap hold: nothing older is taken.
    package var fence: Generation { max(ledger?.table.generation ?? .none, reading?.published ?? .none) }

    /// When `tick` is due, at the latest.
    package var wakeAt: Timestamp {
        var times = [readAt]
        if let settling { times.append(settling.askAt) }
        if needsPublishing { times.append(republishAt) }
        if isConnected, case .fetching(_, let fetches) = taking, let fetch = fetches.first { times.append(fetch.askAt) }
        return times.min() ?? readAt
    }

    package mutating func handle(_ input: AgentInput, now: Timestamp) -> [AgentOutput] {
        if now < latest { clockWentBack(now: now) }
        latest = now
        switch input {
        case .started:
            readAt = now + reportEvery
            return [.readTap]
        case .connected: return connected(now: now)
        case .welcomed(let reportEvery):
            self.reportEvery = min(max(reportEvery, Self.reportEveryRange.lowerBound), Self.reportEveryRange.upperBound)
            readAt = min(readAt, now + self.reportEvery)
            return []
        case .disconnected: return disconnected()
        case .set(let table, let unfit): return set(table, unfit: unfit, now: now)
        case .reportWanted:
            isReportDue = true
            return [.readTap]
        // Relayed, either way; nothing is kept of it.
        case .challenged(let challenge): return [.challenge(challenge)]
        case .responded(let answer): return isConnected ? [.send(.moduleAnswer(answer))] : []
        case .artifactChunk(let artifact, let offset, let bytes):
            return chunk(artifact, offset: offset, bytes: bytes, now: now)
        case .artifactMissing(let artifact):
            return giveUp(artifact, "the orchestrator has no such file; apply the intent again with it")
        case .tick: return tick(now: now)
        case .noticed(let notice): return noticed(notice, now: now)
        case .ledgerStored(let generation): return ledgerStored(generation)
        case .ledgerFailed(let generation, let reason): return ledgerFailed(generation, reason)
        case .published(let generation): return published(generation, now: now)
        case .publishFailed(let generation, let reason): return publishFailed(generation, reason, now: now)
        case .read(let reading): return read(reading, now: now)
        case .readFailed(let reason): return readFailed(reason, now: now)
        case .artifactStored(let artifact): return artifactStored(artifact, now: now)
        case .artifactBroken(let artifact): return artifactBroken(artifact, now: now)
        case .artifactFailed(let artifact, let reason):
            artifactsBegun[artifact.digest] = nil
            return giveUp(artifact, reason)
        }
    }

    private mutating func connected(now: Timestamp) -> [AgentOutput] {
        isConnected = true
        isReportDue = true
        reported = nil
        var outputs = unsent.map { AgentOutput.send(.event($0)) }
        unsent = []
        outputs.append(.readTap)
        // A file of the ledger's own table that is lost is fetched again; the rest then finds nothing to do.
        if taking == nil, let table = ledger?.table, !missingArtifacts(of: table).isEmpty {
            outputs += begin(table, now: now)
        }
        return outputs
    }

    private mutating func disconnected() -> [AgentOutput] {
        isConnected = false
        // The orchestrator sends the table again.
        leaveFetching()
        return []
    }

    private mutating func tick(now: Timestamp) -> [AgentOutput] {
        var outputs: [AgentOutput] = []
        if isConnected, case .fetching(let table, var fetches) = taking, var fetch = fetches.first,
            fetch.stalled(now: now)
        {
            fetches[0] = fetch
            taking = .fetching(table, fetches)
            outputs.append(.send(.artifactWanted(fetch.artifact, offset: fetch.offset)))
        }
        let isReadDue = now >= readAt
        if isReadDue {
            isReportDue = true
            readAt = now + reportEvery
        }
        let isSettleDue = settling.map { now >= $0.askAt } ?? false
        if isReadDue || isSettleDue || (needsPublishing && now >= republishAt) { outputs.append(.readTap) }
        return outputs
    }

    /// Timers are set by the wall clock: none may wait for a time that is far off now.
    private mutating func clockWentBack(now: Timestamp) {
        readAt = min(readAt, now + reportEvery)
        republishAt = min(republishAt, now + republishDelay)
        if let settling { self.settling = Settling(settling.generation, now: now) }
        if case .fetching(let table, let fetches) = taking {
            taking = .fetching(
                table, fetches.map { ArtifactFetch($0.artifact, offset: $0.offset, now: now, failures: $0.failures) })
        }
    }
}
