import ControlChannel
import IntentCompiler
import L45Model
import Orchestrator
import Reconciler

/// The orchestrator's shell over its production values (`FleetState`, `IntentBook`, `Planning`, `Reconciler`): what
/// `NetworkOrchestrator` does, in the same order, with the store and the line in place of SQLite and TLS. It can die
/// between any two effects of a pass.
struct SimulatedOrchestrator {
    /// One thing that a pass does, in its order.
    enum Effect {
        case storeStatuses([RolloutStatus], forgotten: [FlowName])
        case storeTables([DeviceTable])
        case send(DeviceID, DeviceTable)
        case ask(DeviceID)
    }

    private(set) var fleet: FleetState
    private(set) var book: IntentBook
    /// Connections of the moment.
    private(set) var sessions: [DeviceID: Int] = [:]
    private var arrivals: [DeviceID: (session: Int, hello: AgentHello, at: Timestamp)] = [:]
    private var reports: [DeviceID: DeviceReport] = [:]
    private var asks = ReportAsks()
    private var plansAreStale = true
    private let rootSecret: Secret
    private let policy: RolloutPolicy
    private var compiler = IncrementalCompiler()

    init(_ store: SimulatedStore, rootSecret: Secret, policy: RolloutPolicy, now: Timestamp) throws {
        fleet = store.fleet(policy: policy, now: now)
        book = try IntentBook(store.records.values.sorted { $0.name < $1.name }, standing: store.posture)
        self.rootSecret = rootSecret
        self.policy = policy
        fleet.strategies = book.strategies
        fleet.resting = book.resting
    }

    // MARK: The line

    mutating func connected(_ id: DeviceID, session: Int, hello: AgentHello, now: Timestamp) {
        sessions[id] = session
        reports[id] = nil
        arrivals[id] = (session, hello, now)
    }

    mutating func disconnected(_ id: DeviceID, session: Int, now: Timestamp) {
        guard sessions[id] == session else { return }
        sessions[id] = nil
        arrivals[id] = nil
        fleet.disconnected(id, now: now)
    }

    /// The line of a device is gone, whichever it was.
    mutating func lost(_ id: DeviceID, now: Timestamp) {
        if let session = sessions[id] { disconnected(id, session: session, now: now) }
    }

    mutating func received(_ message: AgentMessage, from id: DeviceID, session: Int) {
        guard sessions[id] == session else { return }
        switch message {
        case .report(var report):
            report.device = id
            reports[id] = report
        case .refused(let generation, let reason): fleet.refused(id, generation, reason: reason)
        case .hello, .event, .artifactWanted, .paths, .pathKeysHeld, .pathExchanges, .moduleAnswer, .trustHeld: break
        }
    }

    // MARK: Passes

    /// Records what arrived. Returns those to be welcomed.
    mutating func flush(_ store: inout SimulatedStore, now: Timestamp) -> [DeviceID] {
        var welcomed: [DeviceID] = []
        for (id, arrival) in arrivals.sorted(by: { $0.key < $1.key }) {
            let device = Device(id: id, facts: arrival.hello.facts)
            store.devices[id] = device
            if fleet.connected(device, ledger: arrival.hello.ledgerGeneration, now: arrival.at) { plansAreStale = true }
            welcomed.append(id)
        }
        arrivals = [:]
        for (id, report) in reports {
            store.reports[id] = report
            fleet.reported(report, now: now)
        }
        reports = [:]
        return welcomed
    }

    /// Plans, and decides.
    mutating func decide(_ store: inout SimulatedStore, now: Timestamp) throws -> [Effect] {
        if plansAreStale {
            plansAreStale = false
            try adopt(plan(book, mustFit: [], now), removed: [], &store)
        }
        try rotateWhatIsDue(&store, now)
        var statuses: [RolloutStatus] = []
        var forgotten: [FlowName] = []
        var tables: [DeviceTable] = []
        var sends: [(DeviceID, Generation)] = []
        for action in Reconciler.step(fleet.snapshot, now: now) {
            switch action {
            case .status(let status): statuses.append(status)
            case .forget(let flow): forgotten.append(flow)
            case .decide(let table): tables.append(table)
            case .send(let device, let generation): sends.append((device, generation))
            case .note: break
            }
        }
        var effects: [Effect] = []
        if !statuses.isEmpty || !forgotten.isEmpty {
            effects.append(.storeStatuses(statuses, forgotten: forgotten))
        }
        if !tables.isEmpty { effects.append(.storeTables(tables)) }
        let decided = Dictionary(tables.map { ($0.device, $0) }, uniquingKeysWith: { _, last in last })
        for (device, generation) in sends {
            guard let table = decided[device] ?? fleet.devices[device]?.table, table.generation == generation else {
                continue
            }
            effects.append(.send(device, table))
        }
        effects += asks.due(fleet, connected: sessions.keys, now: now).map(Effect.ask)
        return effects
    }

    /// What the process itself keeps of an effect that was carried out.
    mutating func done(_ effect: Effect, now: Timestamp) {
        switch effect {
        case .storeStatuses(let statuses, let forgotten):
            for status in statuses { fleet.show(status) }
            for flow in forgotten { fleet.forget(flow) }
        case .storeTables(let tables): for table in tables { fleet.decided(table) }
        case .send(let device, _): fleet.sent(device, now: now)
        case .ask: break
        }
    }

    private mutating func rotateWhatIsDue(_ store: inout SimulatedStore, _ now: Timestamp) throws {
        let candidates = book.records.values.compactMap { record in
            book.intent(record.name)?.rotation.map {
                RotationSchedule.Candidate(record, timing: $0.timing, jitter: $0.jitter)
            }
        }
        let unsettled = fleet.unsettled
        let due = RotationSchedule.toBegin(
            candidates, underWay: unsettled.count, most: policy.rotationsAtOnceMax,
            isSettled: { !unsettled.contains($0) }, now: now)
        guard !due.isEmpty else { return }
        var next = book
        for name in due { next.advance(name, now: now) }
        try adopt(plan(next, mustFit: [], now), removed: [], &store)
    }

    private mutating func plan(
        _ next: IntentBook, mustFit: Set<IntentName>, _ now: Timestamp
    ) throws -> Planning.Planned {
        try Planning.plan(
            next,
            for: Planning.Fleet(
                devices: fleet.devices.values.map(\.device), rootSecret: rootSecret,
                plans: fleet.devices.values.compactMap(\.plan), known: { [fleet] in fleet.knownModules($0) }),
            mustFit: mustFit, now: now, compiler: &compiler)
    }

    private mutating func adopt(_ planned: Planning.Planned, removed: [IntentName], _ store: inout SimulatedStore) {
        for name in removed {
            store.gone[name] = store.records[name]
            store.records[name] = nil
            fleet.remove(name)
        }
        for record in planned.book.records.values {
            store.records[record.name] = record
            fleet.put(record)
        }
        store.plans = Dictionary(planned.plans.map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
        store.posture = planned.book.standing
        book = planned.book
        fleet.strategies = book.strategies
        fleet.resting = book.resting
        fleet.adopt(planned.plans)
    }

    // MARK: What operators do

    mutating func apply(_ reading: IntentBook.Reading, _ store: inout SimulatedStore, now: Timestamp) throws {
        var next = book
        let gone = store.gone
        let outcomes = try next.apply(
            reading, prune: false, lastKnown: { gone[$0] }, now: now
        ).outcomes
        let touched = Set(outcomes.filter { $0.outcome != .unchanged }.map(\.name))
        adopt(try plan(next, mustFit: touched, now), removed: [], &store)
    }

    /// Documents of several intents at once, and intents withdrawn with them.
    /// - Parameter mustFit: those that change have to fit the fleet; else what does not fit gets no module.
    mutating func change(
        _ sources: [APISource], removing: [IntentName], mustFit: Bool, _ store: inout SimulatedStore, now: Timestamp
    ) throws {
        var next = book
        let gone = store.gone
        let outcomes = try next.apply(sources, prune: false, lastKnown: { gone[$0] }, now: now).outcomes
        let removed = removing.filter { next.records[$0] != nil }
        for name in removed { next.remove(name) }
        let touched = Set(outcomes.filter { $0.outcome != .unchanged }.map(\.name)).subtracting(removed)
        adopt(try plan(next, mustFit: mustFit ? touched : [], now), removed: removed, &store)
    }

    mutating func delete(_ name: IntentName, _ store: inout SimulatedStore, now: Timestamp) throws {
        var next = book
        guard next.records[name] != nil else { return }
        next.remove(name)
        adopt(try plan(next, mustFit: [], now), removed: [name], &store)
    }

    mutating func rotate(_ name: IntentName, _ store: inout SimulatedStore, now: Timestamp) throws {
        var next = book
        next.advance(name, now: now)
        adopt(try plan(next, mustFit: [], now), removed: [], &store)
    }

    /// Back to another edition of before.
    mutating func undo(_ name: IntentName, to epoch: Epoch, _ store: inout SimulatedStore, now: Timestamp) throws {
        try change(name, &store, now) { record in
            record.epoch = epoch
            record.epochSince = now
        }
    }

    mutating func pause(_ name: IntentName, _ paused: Bool, _ store: inout SimulatedStore, now: Timestamp) throws {
        try change(name, &store, now) { $0.paused = paused }
    }

    /// Plans stay as they are.
    mutating func setLevel(_ level: PostureLevel, _ store: inout SimulatedStore, now: Timestamp) {
        book.setLevel(level, by: "operator", now: now)
        store.posture = book.standing
        fleet.resting = book.resting
    }

    private mutating func change(
        _ name: IntentName, _ store: inout SimulatedStore, _ now: Timestamp, _ how: (inout IntentRecord) -> Void
    ) throws {
        guard var record = book.records[name] else { return }
        how(&record)
        var next = book
        try next.put(record)
        adopt(try plan(next, mustFit: [], now), removed: [], &store)
    }
}
