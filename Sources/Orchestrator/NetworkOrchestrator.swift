import ControlChannel
import Foundation
import IntentCompiler
package import Inventory
package import L45Model
package import Logging
import Reconciler
import Synchronization

/// The network-wide customization orchestrator (NCO): the shell round the compiler, the reconciler and the CIB.
///
/// Everything that changes passes through this actor. A reconciliation pass has no suspension point, so what it decides, it
/// decides on one state of the fleet; a table is in the CIB before it is sent.
package actor NetworkOrchestrator {
    let configuration: OrchestratorConfiguration
    package nonisolated let inventory: Inventory
    let logger: Logger
    let startedAt: Timestamp
    let now: @Sendable () -> Timestamp

    package internal(set) var fleet: FleetState
    package internal(set) var paths = PathFleet()
    package internal(set) var pathKeys: PathKeyDesk
    package internal(set) var trusts: PathTrustBook
    var witness = PathWitness()
    package internal(set) var checks: CheckBook
    /// Since when what is said of devices and modules has been so.
    var standings = StandingClock()
    /// Not in the CIB yet.
    var unstoredDistrusts: [DistrustName: Distrust] = [:]
    /// Intents that a device was found to be distrusted in, and that are not planned without it yet.
    var toShutOut: Set<IntentName> = []
    var alerts: AlertDesk
    /// What files say of devices.
    var declared: DeclaredFleet
    /// Paths of all intents, of those too that rest at the present level; nil: not compiled yet.
    var plannedPaths: [DevicePaths]?
    var book: IntentBook
    /// Intents that do not fit the fleet, and why.
    var misfits: [IntentName: String] = [:]
    var sessions: [DeviceID: SessionID] = [:]
    var server: ChannelServer?
    /// Of operators on other machines; nil: none is open.
    var operatorPort: Int?
    var strangerGate = StrangerGate()
    var artifacts = ArtifactShelf()
    private var passTook: Duration = .zero
    /// Who was asked for a report out of turn.
    var asks = ReportAsks()
    var waiters: [Waiter] = []
    var listeningWaiters: [CheckedContinuation<Void, Never>] = []
    nonisolated let access: Mutex<Access>
    /// Whose certificates are issued and taken; read from elsewhere too.
    nonisolated let authorities: Mutex<AuthorityStanding>
    /// What the orchestrator listens with.
    var identity: OrchestratorIdentity?
    /// What devices connect with and trust, as the CIB has it.
    var certificates: [DeviceID: CertificateStanding]
    /// The same, since the pass before.
    var certificatesShown: [DeviceID: (certificate: PresentedCertificate, trusts: [Digest])] = [:]
    /// Connected devices of which it is not known whether they trust what they should.
    var trustDue: Set<DeviceID> = []
    /// When devices were asked to renew their certificates.
    var renewalAsked: [DeviceID: Timestamp] = [:]
    /// Git repositories that are followed.
    package internal(set) var sources: SourceBook
    /// Rung when a source may be due; what runs them waits for it.
    let sourceBell = SourceBell()
    var sourceWaiters: [SourceWaiter] = []
    /// Where forges tell of pushes; nil: nowhere.
    package internal(set) var webhookPort: Int?
    /// Something changed that may end a phase of a change of authority.
    var authorityMoved = true

    /// What came since the pass before; the next one writes it in one transaction each.
    var arrivals: [DeviceID: Arrival] = [:]
    var reports: [DeviceID: DeviceReport] = [:]
    var pathReports: [DeviceID: PathReport] = [:]
    private var events: [Event] = []
    /// Devices, labels or addresses changed: plans must be made anew.
    var plansAreStale = true
    /// Keeps what it compiled last.
    private var compiler = IncrementalCompiler()
    private let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Opens the CIB and takes up where it stands.
    /// - Throws: `InventoryError`, or `APIFailure` when a stored intent no longer parses.
    package init(
        configuration: OrchestratorConfiguration, logger: Logger,
        now: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) throws {
        self.configuration = configuration
        self.logger = logger
        self.now = now
        startedAt = now()
        inventory = try Inventory(folder: configuration.stateFolder, key: configuration.key?.source)
        authorities = Mutex(try AuthorityStore.load(inventory, now: startedAt))
        pathKeys = PathKeyDesk(root: try PathRoot.secret(in: inventory))
        let stored = try inventory.fleet()
        declared = DeclaredFleet(
            try inventory.declaredDevices(), middleboxes: try inventory.declaredMiddleboxes())
        book = try IntentBook(stored.intents, standing: stored.posture, hands: stored.hands)
        trusts = PathTrustBook(stored.pathTrusts)
        checks = CheckBook(policy: configuration.checks, checks: stored.checks, distrusts: stored.distrusts)
        book.distrusted = checks.distrusted
        sources = SourceBook(try inventory.sources())
        // It was killed between the verdict and the plans without the device.
        toShutOut = Set(
            stored.distrusts.filter { distrust in
                stored.plans[distrust.device]?.modules.contains { $0.intent == distrust.intent } ?? false
            }.map(\.intent))
        alerts = AlertDesk(try inventory.alerts(), bounds: configuration.alerts.bounds, now: startedAt)
        fleet = FleetState(policy: configuration.policy)
        for record in stored.intents { fleet.put(record) }
        for (id, known) in stored.devices {
            fleet.load(
                known.device, plan: stored.plans[id], table: stored.tables[id], report: stored.reports[id],
                now: startedAt)
            paths.load(known.device, table: stored.pathTables[id], report: stored.pathReports[id])
        }
        fleet.load(Array(stored.statuses.values))
        fleet.strategies = book.strategies
        fleet.resting = book.resting
        certificates = stored.certificates
        access = Mutex(
            Access(devices: try inventory.revokedDevices(), serials: try inventory.revokedSerials(now: startedAt)))
    }

    /// Serves agents and operators until the task is cancelled.
    package func run() async throws {
        let server = try await ChannelServer.start(try channelConfiguration(), logger: logger)
        self.server = server
        let operators = try await openSocket()
        let door = try await openDoor()
        let listener = try await openWebhook()
        auditStart()
        logger.info(
            "orchestrator up",
            metadata: [
                "listen": "\(configuration.host):\(server.port)", "socket": "\(configuration.operatorSocket)",
                "devices": "\(fleet.devices.count)", "intents": "\(book.records.count)",
            ])
        resumeListeningWaiters()
        var failure: (any Error)?
        do {
            try await serve(server, operators, door, listener)
        } catch is CancellationError {
        } catch {
            failure = error
        }
        await server.stop()
        do {
            try flush(now())
        } catch {
            logger.error("what came last is not in the CIB", metadata: ["error": "\(error)"])
        }
        // Not with the last reference: a connection that is being torn down may hold one for a while.
        do {
            try inventory.close()
        } catch {
            logger.error("the CIB was not closed", metadata: ["error": "\(error)"])
        }
        if let failure { throw failure }
    }

    private func serve(
        _ server: ChannelServer, _ operators: OperatorServer<NetworkOrchestrator>,
        _ door: RemoteOperatorServer<NetworkOrchestrator>?, _ listener: WebhookListener?
    ) async throws {
        let couriers = couriers()
        try await withThrowingTaskGroup { group in
            group.addTask { try await operators.run() }
            if let door { group.addTask { try await door.run() } }
            if let listener { group.addTask { try await listener.run() } }
            group.addTask { await self.followSources() }
            group.addTask { await self.takeEvents(of: server) }
            group.addTask { try await self.passWhenWoken() }
            group.addTask { try await self.tick() }
            group.addTask { await self.tendAlerts(couriers) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// The port that agents reach, once it listens.
    package var port: Int? { server?.port }
    /// The address that agents reach, once it listens.
    package var listening: String? { server.map { "\(configuration.host):\($0.port)" } }

    // MARK: Passes

    /// Asks for a pass soon.
    func stir() { wake.yield() }

    func note(_ event: Event) {
        events.append(event)
        // Bounded while the CIB can not be written: the newest say most.
        if events.count > Self.eventsWaitingMax { events.removeFirst(events.count - Self.eventsWaitingMax) }
        stir()
    }

    private static let eventsWaitingMax = 10_000

    /// A pass after an operator's change, so that what is read next already speaks of it. The change stands whether the
    /// pass succeeds or not; a failed one is made up for by the next.
    func passAtOnce() {
        do {
            // A pass is the orchestrator's own work, whoever gave the occasion.
            try OperatorCall.$current.withValue(OperatorCall(caller: .process, devices: nil)) {
                try AuditSlot.$current.withValue(nil) { try pass() }
            }
        } catch {
            logger.error("reconciliation pass failed", metadata: ["error": "\(error)"])
            stir()
        }
    }

    func record(_ report: DeviceReport) {
        reports[report.device] = report
        stir()
    }

    private func passWhenWoken() async throws {
        stir()
        for await _ in wakes {
            do {
                try pass()
            } catch {
                // The CIB could not be written: nothing was sent that it does not hold. The next pass tries again.
                logger.error("reconciliation pass failed", metadata: ["error": "\(error)"])
                try await Task.sleep(for: .seconds(1))
                stir()
            }
            // What arrives meanwhile is decided together. In a large fleet reports never pause: a rest in proportion to the
            // work keeps passes to half of a processor while something moves, and to a twentieth when nothing does.
            let rest = passTook * (isUnsettled ? 1 : 20)
            try await Task.sleep(
                for: max(.milliseconds(configuration.passEvery.milliseconds), min(rest, .seconds(10))))
        }
    }

    /// Time moves rollouts too (drain bounds, resends, schedules); often while one is under way, seldom when all is settled.
    private func tick() async throws {
        while true {
            let checksDue = max(.milliseconds(250), min(.seconds(2), checks.dueAt - now()))
            try await Task.sleep(for: isUnsettled ? .milliseconds(250) : .milliseconds(checksDue.milliseconds))
            stir()
        }
    }

    private var isUnsettled: Bool {
        fleet.statuses.values.contains { $0.phase != .settled } || paths.isUnsettled || pathKeys.isUnsettled
    }

    /// One pass: what arrived is recorded, plans are made anew if need be, and the reconciler's actions are carried out.
    func pass() throws {
        let begin = ContinuousClock.now
        defer { passTook = ContinuousClock.now - begin }
        let time = now()
        try flush(time)
        try shutOut(time)
        if plansAreStale {
            plansAreStale = false
            replan(time)
        }
        try rotateWhatIsDue(time)
        try carryOut(Reconciler.step(fleet.snapshot, now: time), time)
        try carryOutPaths(time)
        try carryOutPathKeys(time)
        try carryOutChecks(time)
        followStandings(time)
        try followPosture(time)
        try followAuthority(time)
        askWhereRolloutsWait(time)
        lookAtFleet(time)
        tendSources(time)
        resumeWaiters()
    }

    func flush(_ time: Timestamp) throws {
        try admitArrivals()
        if !reports.isEmpty {
            try inventory.record(Array(reports.values))
            watch(reports.values, time)
            // Only now: the reconciler decides on what the CIB has.
            for report in reports.values { fleet.reported(report, now: time) }
            reports.removeAll(keepingCapacity: true)
        }
        try recordPaths()
        try storeAlerts()
        if !events.isEmpty {
            try inventory.append(events)
            events.removeAll(keepingCapacity: true)
        }
    }

    /// Plans for the fleet as it is now. An intent that no longer fits it keeps the modules that it has.
    private func replan(_ time: Timestamp) {
        do {
            let planned = try plan(book, mustFit: [], time)
            for (intent, reason) in planned.misfits.sorted(by: { $0.key < $1.key }) where misfits[intent] != reason {
                logger.warning("intent no longer fits", metadata: ["intent": "\(intent)", "reason": "\(reason)"])
                events.append(
                    Event(
                        at: time, severity: .warning, subject: "intent/\(intent)",
                        message: book.excluded(from: intent).isEmpty
                            ? "intent no longer fits; its modules stay" : "intent no longer fits; its modules go",
                        facts: ["reason": reason]))
            }
            try adopt(planned, removed: [], cause: "devices changed", time)
        } catch {
            plansAreStale = true
            logger.error("plans not stored", metadata: ["error": "\(error)"])
        }
    }

    /// Plans for the fleet as it is now; changes nothing.
    func plan(
        _ next: IntentBook, mustFit: Set<IntentName>, authored: Set<IntentName> = [], mtuBytes: Int = 1500,
        _ time: Timestamp
    ) throws(APIFailure) -> Planning.Planned {
        try Planning.plan(
            next,
            for: Planning.Fleet(
                devices: fleet.devices.values.map(\.device), rootSecret: inventory.rootSecret,
                plans: fleet.devices.values.compactMap(\.plan), known: { [fleet] in fleet.knownModules($0) },
                drainBound: configuration.policy.drainBound, paths: plannedPaths ?? paths.plans),
            mustFit: mustFit, authored: authored, mtuBytes: mtuBytes, now: time, compiler: &compiler)
    }

    /// Stores intents and plans in one transaction, and only then takes them up.
    /// - Parameters:
    ///   - cause: what brought it, one word for the trail.
    ///   - manager: the tool that applied it, by its own word.
    ///   - declaring: the inventory that came with the intents, for whose labels they were planned.
    func adopt(
        _ planned: Planning.Planned, removed: [IntentName], cause: String, manager: String? = nil,
        declaring: DeclaredFleet.Change? = nil, _ time: Timestamp
    ) throws {
        let labels = try declaring.map { try labelsInForce(after: $0) } ?? [:]
        try refuseBeyondScope(planned, removed: removed)
        // Whose it is, for who reads the trail; what schedules and devices bring is nobody's.
        let by = AuditSlot.current == nil ? nil : OperatorCall.current.caller.name
        let authors = ["by": by, "manager": manager].compactMapValues { $0 }
        let changed = planned.book.records.values.filter { book.records[$0.name] != $0 }.sorted { $0.name < $1.name }
        var trail = changed.map { record in
            Event(
                at: time, subject: "intent/\(record.name)", message: "intent adopted",
                facts: ["revision": "\(record.revision)", "epoch": "\(record.epoch)", "cause": cause]
                    .merging(authors) { own, _ in own })
        }
        trail += removed.map {
            Event(
                at: time, subject: "intent/\($0)", message: "intent withdrawn",
                facts: ["cause": cause].merging(authors) { own, _ in own })
        }
        trail += PostureTrail.events(from: book.standing, to: planned.book.standing, at: time)
        let hand = IntentHand(cause: cause, manager: manager, by: by, at: time)
        var hands: [IntentName: IntentHands] = [:]
        for record in changed {
            hands[record.name] = (book.hands[record.name] ?? IntentHands())
                .following(book.records[record.name], record, by: hand)
        }
        try inventory.adopt(
            intents: changed, removed: removed, plans: planned.plans, posture: planned.book.standing, hands: hands,
            declaring: declaring?.forStorage, events: trail, at: time)
        if let declaring { takeUp(declaring, labels) }
        book = planned.book
        book.hands.merge(hands) { _, new in new }
        for name in removed { book.hands[name] = nil }
        fleet.strategies = book.strategies
        fleet.resting = book.resting
        misfits = planned.misfits
        for record in changed { fleet.put(record) }
        for name in removed { fleet.remove(name) }
        fleet.adopt(planned.plans)
        plannedPaths = planned.paths
        paths.adopt(book.inForce(planned.paths))
        stir()
    }

    /// Moving target (seed 6.2.7): an intent whose time has come, and whose flows are settled, goes to its next edition.
    private func rotateWhatIsDue(_ time: Timestamp) throws {
        let candidates = book.records.values.compactMap { record -> RotationSchedule.Candidate? in
            guard misfits[record.name] == nil, let rotation = book.intent(record.name)?.rotation else { return nil }
            return RotationSchedule.Candidate(record, timing: rotation.timing, jitter: rotation.jitter)
        }
        guard !candidates.isEmpty else { return }
        let unsettled = fleet.unsettled
        let due = RotationSchedule.toBegin(
            candidates, underWay: unsettled.count, most: configuration.policy.rotationsAtOnceMax,
            isSettled: { !unsettled.contains($0) }, now: time)
        guard !due.isEmpty else { return }
        var next = book
        for name in due { next.advance(name, now: time) }
        try adopt(try plan(next, mustFit: [], time), removed: [], cause: "schedule", time)
    }

    /// Notes what became otherwise with this pass.
    private func followStandings(_ time: Timestamp) {
        for id in paths.takeTouched() {
            if let device = paths.devices[id] { standings.follow(id, device, now: time) }
        }
        for id in fleet.takeTouched() {
            if let device = fleet.devices[id] { standings.follow(device, now: time) } else { standings.forget(id) }
        }
    }

    private func askWhereRolloutsWait(_ time: Timestamp) {
        for id in asks.due(fleet, connected: sessions.keys, now: time) {
            guard let session = sessions[id] else { continue }
            // The one message of fixed size that can not be too long for a frame.
            try? server?.send(.reportWanted, to: session)
        }
    }

    private func carryOut(_ actions: [Action], _ time: Timestamp) throws {
        guard !actions.isEmpty else { return }
        var tables: [DeviceTable] = []
        var statuses: [RolloutStatus] = []
        var forgotten: [FlowName] = []
        var sends: [(DeviceID, Generation)] = []
        var notes: [Event] = []
        for action in actions {
            switch action {
            case .decide(let table): tables.append(table)
            case .send(let device, let generation): sends.append((device, generation))
            case .status(let status): statuses.append(status)
            case .forget(let flow): forgotten.append(flow)
            case .note(let event): notes.append(event)
            }
        }
        // Standings first, as the reconciler orders them: they hold the clock of a drain.
        if !statuses.isEmpty || !forgotten.isEmpty { try inventory.record(statuses: statuses, forgotten: forgotten) }
        for status in statuses { fleet.show(status) }
        if !tables.isEmpty { try inventory.decide(tables) }
        for table in tables { fleet.decided(table) }
        for flow in forgotten { fleet.forget(flow) }
        for event in notes { note(event) }
        for (device, generation) in sends { send(device, generation, time) }
        logger.debug(
            "pass",
            metadata: ["decided": "\(tables.count)", "sent": "\(sends.count)", "statuses": "\(statuses.count)"])
        stirIfMoved(statuses)
    }

    /// A phase that was entered may already be complete, as when it concerns no device that is not confirmed.
    private func stirIfMoved(_ statuses: [RolloutStatus]) {
        if !statuses.isEmpty { stir() }
    }

    private func send(_ device: DeviceID, _ generation: Generation, _ time: Timestamp) {
        guard let session = sessions[device], let table = fleet.devices[device]?.table, table.generation == generation,
            let server
        else { return }
        do {
            try server.send(.set(table), to: session)
            fleet.sent(device, now: time)
            tellReportEvery(device, session)
        } catch {
            logger.error("table not sent", metadata: ["device": "\(device)", "error": "\(error)"])
            events.append(
                Event(
                    at: time, severity: .warning, subject: "device/\(device)", message: "table not sent",
                    facts: ["generation": "\(generation)", "error": "\(error)"]))
        }
    }
}
