import L45Model

/// What a pass concludes of one device, before any flow is looked at. A class, since flows by the thousand refer to it.
final class DeviceStanding {
    /// How the tap stands to the table decided last.
    enum Tap: Hashable {
        /// Nothing is known: the device is away, or has not reported over this connection.
        case unknown
        /// Holds the table: generation and digest agree and every module is in its state.
        case inForce
        /// Holds an older one, or none (a reboot): sending the table is all it takes.
        case behind
        /// Says that it holds the table, and does not: taken apart by hand, or of another inventory.
        case drifted
        /// Is past the table, or refuses it as stale: the inventory is an older copy.
        case ahead
    }

    let id: DeviceID
    let snapshot: DeviceSnapshot
    /// As `FleetSnapshot.resting`.
    private let resting: Set<IntentName>
    let tap: Tap
    /// Generation and digest agree. Modules may still differ: that is looked at per flow.
    let holdsTable: Bool
    /// The entries that this pass goes on from: the table's, or where the device is known to be elsewhere, what it runs.
    let base: [ModuleEntry]
    /// Modules that the tap runs and nobody here knows: no table can keep them.
    let unknownModules: [ModuleID]
    /// The tap runs what the plan says, to the letter: no flow has anything to do here.
    let atRest: Bool
    /// The device needs a table of a new generation even if no flow changes it.
    let repair: Bool

    /// Connected, and heard over this very connection.
    var fresh: Bool { snapshot.isFresh }
    /// Its plan's modules.
    var wanted: [ModulePlan] { snapshot.plan?.modules ?? [] }
    var generation: Generation { snapshot.table?.generation ?? Generation.none }
    /// The agent said no to the table decided last.
    var refuses: Bool { tap == .behind && snapshot.refusal?.generation == generation }
    /// Above all that the device may ever have seen.
    var nextGeneration: Generation {
        max(generation, snapshot.report?.generation ?? Generation.none, snapshot.ledgerGeneration).next
    }

    /// Whether the tap, over this connection, runs exactly these entries of the table decided last.
    ///
    /// The generation has to be the last one decided, not merely one with the same entries: between two equal tables
    /// there may have been another, still under way to the device. A flow that waits for this cannot starve: it takes
    /// no step until it is confirmed, so each flow changes a table at most once between two confirmations of it.
    func confirms(_ entries: [ModuleEntry]) -> Bool {
        tap == .inForce || (holdsTable && tap != .ahead && shows(entries))
    }

    /// Whether the last report has these entries in their states, whatever its generation.
    func shows(_ entries: [ModuleEntry]) -> Bool {
        snapshot.report.map { Self.shows(entries, $0) } ?? false
    }

    private static func shows(_ entries: [ModuleEntry], _ report: DeviceReport) -> Bool {
        entries.indices.allSatisfy { shows(entries[$0], $0, report) }
    }

    /// - Parameter at: where the report probably has the module: taps mostly report in the table's order.
    private static func shows(_ entry: ModuleEntry, _ at: Int, _ report: DeviceReport) -> Bool {
        let id = entry.plan.id
        let inOrder = at < report.modules.count && report.modules[at].id == id
        guard let place = inOrder ? at : report.modules.indices.first(where: { report.modules[$0].id == id }) else {
            return false
        }
        return report.modules[place].state == entry.state && report.modules[place].enforcing == entry.enforcing
    }

    init(id: DeviceID, snapshot: DeviceSnapshot, policy: RolloutPolicy, resting: Set<IntentName>, now: Timestamp) {
        self.id = id
        self.snapshot = snapshot
        self.resting = resting
        let decided = snapshot.table?.modules ?? []
        guard case .connected(_, true) = snapshot.link, let report = snapshot.report else {
            tap = .unknown
            holdsTable = false
            base = decided
            unknownModules = []
            repair = false
            atRest = false
            return
        }
        (tap, holdsTable) = Self.compare(snapshot, report)
        // A drift that outlives its repair is mended once per `resendAfter`, not once per report.
        repair =
            switch tap {
            case .ahead: true
            case .drifted: Self.due(snapshot.sentAt, policy.resendAfter, now)
            case .unknown, .inForce, .behind: false
            }
        let inTable = Set(repair ? decided.map(\.plan.id) : [])
        let inPlan = Set(repair ? snapshot.plan?.modules.map(\.id) ?? [] : [])
        let foreign = repair ? report.modules.map(\.id).filter { !inTable.contains($0) } : []
        unknownModules = foreign.filter { !inPlan.contains($0) }
        let elsewhere = tap == .ahead || !foreign.isEmpty
        base = repair && elsewhere ? Self.rebased(snapshot, on: report, rulesMax: policy.rulesMax) : decided
        atRest = tap == .inForce && Self.isFinal(decided, for: snapshot.plan?.modules ?? [], resting)
    }

    private static func isFinal(
        _ entries: [ModuleEntry], for plans: [ModulePlan], _ resting: Set<IntentName>
    ) -> Bool {
        // Both are sorted by id.
        guard entries.count == plans.count else { return false }
        return entries.indices.allSatisfy { isFinal(entries[$0], for: plans[$0], resting) }
    }

    private static func isFinal(_ entry: ModuleEntry, for plan: ModulePlan, _ resting: Set<IntentName>) -> Bool {
        let rests = !resting.isEmpty && resting.contains(plan.intent)
        return entry.state == (plan.underTest ? .deactivated : rests ? .standby : .active)
            && entry.enforcing == (plan.dropUnlessTagged && !plan.underTest && !rests) && entry.plan == plan
    }

    /// Whether the module at this place of the plan is in the table as it is to be in the end, and the tap, over this
    /// connection, shows it so, though it may not have the table that was decided last.
    func isAtRest(_ place: Int) -> Bool {
        guard fresh, !refuses, !repair, let plan = snapshot.plan?.modules[place], let table = snapshot.table,
            let at = table.place(plan.id)
        else { return false }
        return Self.isFinal(table.modules[at], for: plan, resting)
            && snapshot.report.map { Self.shows(table.modules[at], at, $0) } ?? false
    }

    /// Whether the plan holds the module of this entry.
    func isWanted(_ entry: ModuleEntry) -> Bool { snapshot.plan?.place(entry.plan.id) != nil }

    /// Whether something sent at `sentAt` may be sent again. A clock that was set back counts as due.
    static func due(_ sentAt: Timestamp?, _ after: Span, _ now: Timestamp) -> Bool {
        guard let sentAt, sentAt <= now else { return true }
        return now - sentAt >= after
    }

    private static func compare(_ snapshot: DeviceSnapshot, _ report: DeviceReport) -> (Tap, holdsTable: Bool) {
        guard let table = snapshot.table else {
            if report.generation > .none { return (.ahead, false) }
            return report.modules.isEmpty ? (.inForce, true) : (.drifted, false)
        }
        if report.generation > table.generation || snapshot.ledgerGeneration > table.generation {
            return (.ahead, false)
        }
        if let refusal = snapshot.refusal, refusal.generation == table.generation,
            snapshot.ledgerGeneration == table.generation, report.generation < table.generation
        {
            // The ledger has this generation with other content, and the tap has lost it.
            return (.ahead, false)
        }
        if report.generation < table.generation { return (.behind, false) }
        guard let digest = snapshot.tableDigest ?? (try? table.contentDigest()), digest == report.tableDigest else {
            return (.drifted, false)
        }
        guard report.modules.count == table.modules.count else { return (.drifted, true) }
        return (shows(table.modules, report) ? .inForce : .drifted, true)
    }

    /// What the device runs, as far as its modules are known here; a module of the table that it lacks comes back at a
    /// part that sends nothing. From there the flows go their ordinary, careful way.
    ///
    /// What neither the tap runs nor the plan wants does not come back where the tap has no room for all: an older
    /// inventory's table and what came after it may be more together than it holds.
    private static func rebased(
        _ snapshot: DeviceSnapshot, on report: DeviceReport, rulesMax: Int
    ) -> [ModuleEntry] {
        let decided = snapshot.table?.modules ?? []
        var base: [ModuleEntry] = []
        for var entry in decided {
            if let module = report.module(entry.plan.id) {
                entry.state = module.state
                entry.enforcing = module.enforcing
            } else {
                if entry.state == .active { entry.state = .standby }
                entry.enforcing = false
            }
            base.append(entry)
        }
        for plan in snapshot.plan?.modules ?? [] {
            guard let module = report.module(plan.id), !decided.contains(where: { $0.plan.id == plan.id }) else {
                continue
            }
            // The id is all that vouches for it here: its secret may be another than the one the tap has.
            base.append(ModuleEntry(plan: plan, state: module.state == .active ? .standby : module.state))
        }
        guard base.reduce(0, { $0 + $1.plan.tapSocket.rules }) > rulesMax else { return base }
        return base.filter { report.module($0.plan.id) != nil || snapshot.plan?.place($0.plan.id) != nil }
    }
}
