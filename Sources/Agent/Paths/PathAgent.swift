import ControlChannel
import HiccupsGuard
import L45Model
import Logging
import Synchronization

/// The agent's part in paths: keeps the path table, runs the guard, answers for others, and says how each path stands.
///
/// Apart from `AgentMachine`: a look at a path takes seconds, and no module waits for it. Whether the orchestrator is there
/// or not, what is guarded stays guarded, also over a restart.
actor PathAgent {
    /// What the channel brings.
    enum Input: Sendable {
        case connected
        case disconnected
        case welcomed(reportEvery: Span)
        case set(PathTable)
        case invalid(Generation, why: String)
        case farHeld(PathName, [PathGate])
        case keys(PathKeys)
        /// Something is to be reported.
        case stirred
    }

    private static let retryMin = Span.seconds(1)
    private static let retryMax = Span.seconds(60)
    private static let unsentMax = 256
    /// A port that is taken is tried again after this.
    private static let answersRetry = Span.seconds(5)

    private let device: DeviceID
    private let seams: PathSeams
    private let file: CheckedFile<PathLedger>
    private let vault: PathVault
    private let keyFile: CheckedFile<PathKeys>
    private let logger: Logger
    private let now: @Sendable () -> Timestamp
    private let send: @Sendable (AgentMessage) -> Void
    private let executor = BlockingExecutor("l45.paths")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private let (inputs, input) = AsyncStream.makeStream(of: Input.self)
    private let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    /// For the hello, which is asked for from elsewhere.
    private nonisolated let kept: Mutex<Generation>

    private var ledger: PathLedger?
    /// Nothing is guarded, and the firewall not touched, before the first table.
    private var guarding: (paths: PathGuard, desk: FarGateDesk)?
    private let answers: PathAnswers
    private var inForce = Generation.none
    private var ledgerProblem: String?
    private var tableProblem: String?
    private var forceProblem: String?
    private var answerProblems: [String] = []
    private var keyProblem: String?
    private var answersRetryAt = Timestamp.never
    private var retryAt: Timestamp?
    private var retryDelay = PathAgent.retryMin
    private var isConnected = false
    private var unsent: [Event] = []
    private var reportEvery = Span.seconds(30)
    private var reportAt = Timestamp.never
    private var reported: PathReport?
    private var timer: Task<Void, Never>?

    /// - Throws: when the ledger of paths can not be read, or is of a newer version.
    init(
        device: DeviceID, folder: String, seams: PathSeams, vault: PathVault, logger: Logger,
        now: @escaping @Sendable () -> Timestamp,
        send: @escaping @Sendable (AgentMessage) -> Void
    ) throws(StateError) {
        self.device = device
        self.seams = seams
        self.vault = vault
        answers = PathAnswers(slot: { vault.slot() }, keys: { vault.keyring }, seen: { vault.saw($0) })
        keyFile = PathKeyFile.file(folder: folder)
        self.logger = logger
        self.now = now
        self.send = send
        file = PathLedger.file(folder: folder)
        let loaded = try file.load { ledger in
            ledger.table.device == device ? nil : "is of device \(ledger.table.device), this is \(device)"
        }
        ledger = loaded.value
        ledgerProblem = loaded.problem
        kept = Mutex(loaded.value?.table.generation ?? .none)
        if let problem = loaded.problem {
            logger.error("ledger of paths set aside", metadata: ["problem": "\(problem)"])
        }
        let keys = try keyFile.load { keys in
            keys.device == device ? nil : "is of device \(keys.device), this is \(device)"
        }
        vault.take(keys.value, isFresh: false)
        if let problem = keys.problem {
            keyProblem = problem
            logger.error("file of path keys set aside", metadata: ["problem": "\(problem)"])
        }
    }

    /// The generation of the path table that is kept.
    nonisolated var generation: Generation { kept.withLock { $0 } }

    nonisolated func take(_ input: Input) { self.input.yield(input) }

    /// Until the task is cancelled. What is in force then stays: a guard that ends with its agent would leave the path open
    /// at each restart; gates end by themselves when no agent comes back.
    func run() async {
        if ledger != nil { begin() }
        wake.yield()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await input in self.inputs { await self.handle(input) } }
            group.addTask { for await _ in self.wakes { await self.step() } }
            group.addTask { await self.tellExchanges() }
            await group.waitForAll()
        }
        timer?.cancel()
        answers.serve([])
    }

    // MARK: What comes

    private func handle(_ input: Input) async {
        switch input {
        case .connected:
            isConnected = true
            reported = nil
            await guarding?.desk.connected()
            for event in unsent { send(.event(event)) }
            unsent = []
            await report()
        case .disconnected:
            isConnected = false
            await guarding?.desk.disconnected()
        case .welcomed(let every):
            let range = AgentMachine.reportEveryRange
            reportEvery = min(max(every, range.lowerBound), range.upperBound)
            wake.yield()
        case .set(let table): await set(table)
        case .invalid(let generation, let why):
            tableProblem = "generation \(generation) of paths was not taken: \(why)"
            await report()
        case .farHeld(let path, let gates): await guarding?.desk.held(path, gates)
        case .keys(let keys): await take(keys)
        case .stirred: await report()
        }
    }

    private func set(_ table: PathTable) async {
        let held = ledger?.table.generation ?? .none
        if table.device != device {
            tableProblem = "paths for device \(table.device) were sent here, this is \(device)"
        } else if table.generation < held {
            tableProblem = "generation \(table.generation) of paths is older than \(held), which this device holds"
        } else if table.generation == held, let ledger, ledger.table != table {
            tableProblem = "generation \(held) of paths is held with other content; decide one above it"
        } else if table.generation > held {
            let names = Set(table.paths.map(\.name.rawValue))
            let next = PathLedger(table: table, held: (ledger?.held ?? [:]).filter { names.contains($0.key) })
            do {
                try file.store(next)
                tableProblem = nil
                ledgerProblem = nil
                ledger = next
                kept.withLock { $0 = table.generation }
                retryAt = nil
                retryDelay = Self.retryMin
                begin()
                await guarding?.paths.interrupt()
            } catch {
                tableProblem = "generation \(table.generation) of paths can not be kept, \(error)"
            }
        }
        // The same again is a retry: say how it stands.
        reported = nil
        await report()
        wake.yield()
    }

    /// On the disk before it is said to be held: the other end may then rely on it, whatever becomes of this process.
    private func take(_ keys: PathKeys) async {
        guard keys.device == device else {
            keyProblem = "keys of paths for device \(keys.device) were sent here, this is \(device)"
            return await report()
        }
        do {
            if keys.tag != vault.tag {
                if keys.entries.isEmpty { try keyFile.remove() } else { try keyFile.store(keys) }
                logger.info(
                    "path keys taken",
                    metadata: [
                        "paths": "\(keys.entries.count)", "keyed": "\(keys.entries.count { !$0.keys.isEmpty })",
                    ])
            }
            keyProblem = nil
            vault.take(keys.entries.isEmpty ? nil : keys, isFresh: true)
            send(.pathKeysHeld(tag: keys.tag))
        } catch {
            keyProblem = "the keys of paths can not be kept, \(error)"
            logger.error("path keys not kept", metadata: ["reason": "\(error)"])
        }
        await report()
    }

    /// What is seen within a second is told in one message.
    private func tellExchanges() async {
        for await _ in vault.book.stirred {
            guard (try? await Task.sleep(for: .seconds(1))) != nil else { return }
            let exchanges = vault.book.take()
            if isConnected, !exchanges.isEmpty { send(.pathExchanges(exchanges)) }
        }
    }

    /// Makes the guard, with what an earlier process had in force.
    private func begin() {
        guard guarding == nil, let ledger else { return }
        let there = ledger.held.mapValues(\.there).filter { !$0.value.isEmpty }
        let desk = FarGateDesk(
            held: Dictionary(uniqueKeysWithValues: there.map { (PathName($0.key), $0.value) }),
            changed: { [input] in input.yield(.stirred) })
        let paths = PathGuard(
            ledger.table.paths.map { GuardedPath($0) }, holding: ledger.held,
            prober: seams.prober.signing(with: vault), meter: seams.meter,
            far: desk, keeper: seams.keeper, now: now)
        guarding = (paths, desk)
        let isConnected = isConnected
        if isConnected { Task { await desk.connected() } }
    }

    // MARK: What is done

    /// Puts the ledger's table in force if need be, looks at what is due, and says so.
    private func step() async {
        guard let guarding else { return await rest() }
        if let ledger, inForce != ledger.table.generation, retryAt.map({ now() >= $0 }) ?? true {
            await enforce(ledger.table, guarding.paths, guarding.desk)
        }
        if inForce == ledger?.table.generation ?? .none {
            do {
                note(try await guarding.paths.pass())
                forceProblem = nil
            } catch { fail("\(error)") }
            await keep(guarding.paths)
        }
        if !answerProblems.isEmpty, now() >= answersRetryAt, let ledger { serve(ledger.table) }
        await report()
        await rest()
    }

    private func enforce(_ table: PathTable, _ paths: PathGuard, _ desk: FarGateDesk) async {
        do {
            let names = Set(table.paths.map(\.name))
            note(try await paths.update(table.paths.map { GuardedPath($0) }, accepting: table.accepted))
            await desk.keepOnly(names)
            serve(table)
            // Another one may have come meanwhile: it is next.
            inForce = table.generation
            forceProblem = nil
            retryAt = nil
            retryDelay = Self.retryMin
            logger.info(
                "paths in force",
                metadata: [
                    "generation": "\(table.generation)", "paths": "\(table.paths.count)",
                    "answers": "\(table.answers.count)", "accepted": "\(table.accepted.count)",
                ])
            await report()
            if ledger?.table.generation != table.generation { wake.yield() }
        } catch {
            fail("generation \(table.generation) of paths is not in force: \(error)")
        }
    }

    private func serve(_ table: PathTable) {
        guard seams.answers else { return }
        answerProblems = answers.serve(table.answers)
        answersRetryAt = now() + Self.answersRetry
    }

    private func fail(_ problem: String) {
        if forceProblem != problem { logger.error("paths not in force", metadata: ["reason": "\(problem)"]) }
        forceProblem = problem
        retryAt = now() + retryDelay
        retryDelay = min(.milliseconds(retryDelay.milliseconds * 2), Self.retryMax)
    }

    /// What is held now is held again after a restart.
    private func keep(_ paths: PathGuard) async {
        guard var next = ledger else { return }
        let standings = await paths.standings
        next.held = Dictionary(
            standings.filter { !$0.held.isEmpty }.map { ($0.path.name, $0.held) },
            uniquingKeysWith: { first, _ in first })
        guard next.held != ledger?.held, next.table.generation == ledger?.table.generation else { return }
        do {
            try file.store(next)
            ledger = next
        } catch {
            logger.error("gates not kept over a restart", metadata: ["reason": "\(error)"])
        }
    }

    /// Sleeps until something is due.
    private func rest() async {
        timer?.cancel()
        var times = [reportAt]
        if let due = await guarding?.paths.wakeAt, inForce == ledger?.table.generation ?? .none { times.append(due) }
        if let retryAt { times.append(retryAt) }
        if !answerProblems.isEmpty { times.append(answersRetryAt) }
        // The wall clock may be set: never for longer than a minute.
        let wait = min(max(((times.min() ?? now()) - now()).milliseconds, 5), 60_000)
        timer = Task { [wake] in
            guard (try? await Task.sleep(for: .milliseconds(wait))) != nil else { return }
            wake.yield()
        }
    }

    // MARK: What is said

    private func note(_ events: [Event]) {
        for event in events {
            logger.log(
                level: event.severity == .info ? .info : .warning, "\(event.message)",
                metadata: event.facts.mapValues { "\($0)" }.merging(["path": "\(event.subject)"]) { old, _ in old })
            if isConnected { send(.event(event)) } else { unsent.append(event) }
        }
        if unsent.count > Self.unsentMax { unsent.removeFirst(unsent.count - Self.unsentMax) }
    }

    /// Says how the paths stand, where that is news or is due.
    private func report() async {
        let time = now()
        var standings: [PathStanding] = []
        if let (paths, desk) = guarding {
            for standing in await paths.standings {
                let name = PathName(standing.path.name)
                standings.append(
                    PathStanding(
                        standing, wanted: await desk.wanted(name), isWaiting: await desk.isWaiting(name),
                        integrity: vault.integrity(name)))
            }
        }
        let report = PathReport(
            device: device, takenAt: time, taken: ledger?.table.generation ?? .none, inForce: inForce,
            paths: standings.sorted { $0.name < $1.name },
            problems: [ledgerProblem, tableProblem, forceProblem, keyProblem].compactMap { $0 } + answerProblems)
        var same = reported
        same?.takenAt = time
        guard isConnected, same != report || time >= reportAt else { return }
        send(.paths(report))
        reported = report
        reportAt = time + reportEvery
    }
}
