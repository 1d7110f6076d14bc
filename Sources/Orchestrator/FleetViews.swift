import IntentCompiler
package import L45Model
import Reconciler

/// The fleet as operators see it: what is in memory, turned into the API's values. Pure.
package struct FleetViews: Sendable {
    let fleet: FleetState
    let book: IntentBook
    let misfits: [IntentName: String]
    let paths: PathFleet
    let trusts: PathTrustBook
    /// nil: not asked of paths.
    let keys: PathKeyDesk?
    /// nil: not asked of checks.
    let checks: CheckBook?
    /// What files say of devices.
    var declared = DeclaredFleet()
    /// Since when things are as they are.
    var standings = StandingClock()
    let now: Timestamp
    let names: [DeviceID: String]

    package init(
        fleet: FleetState, book: IntentBook, misfits: [IntentName: String] = [:], paths: PathFleet = PathFleet(),
        trusts: PathTrustBook = PathTrustBook(), keys: PathKeyDesk? = nil, checks: CheckBook? = nil, now: Timestamp
    ) {
        self.checks = checks
        self.paths = paths
        self.trusts = trusts
        self.keys = keys
        self.fleet = fleet
        self.book = book
        self.misfits = misfits
        self.now = now
        names = fleet.devices.mapValues(\.device.facts.name)
    }

    // MARK: Devices

    /// The device that `text` names: its id, its name, or the start of an id.
    /// - Throws: `notFound`, or `conflict` when several fit.
    package func device(_ text: String) throws(APIFailure) -> Device {
        if let exact = fleet.devices[DeviceID(text)] { return exact.device }
        let fits = fleet.devices.values.map(\.device).filter { $0.facts.name == text || $0.id.rawValue.hasPrefix(text) }
        guard let device = fits.first, !text.isEmpty else {
            throw APIFailure(.notFound, "there is no device '\(text)'", hint: "'l45 get devices' lists those that are")
        }
        guard fits.count == 1 else {
            let ids = fits.map(\.id.rawValue).sorted().prefix(5).joined(separator: ", ")
            throw APIFailure(.conflict, "'\(text)' fits \(fits.count) devices: \(ids)", hint: "name one by its id")
        }
        return device
    }

    func devices(_ query: ResourceQuery) throws(APIFailure) -> [DeviceView] {
        try scope(query).map { view(of: $0.device.id, fallback: $0.device) }
    }

    func view(of id: DeviceID, fallback: Device) -> DeviceView {
        let snapshot = fleet.devices[id]
        let device = snapshot?.device ?? fallback
        var link = DeviceView.Link.away
        var since: Timestamp?
        switch snapshot?.link {
        case .connected(let time, _)?: (link, since) = (.connected, time)
        case .away(let time)?: since = time
        case nil: break
        }
        var view = DeviceView(
            device: device, labels: device.facts.labels, link: link, linkSince: since,
            generationDecided: snapshot?.table?.generation ?? .none, report: snapshot?.report,
            problems: distrusts(of: id))
        view.conditions = conditions(of: view, device)
        if !declared.isEmpty {
            view.declaredBy = Set(declared.declarations(of: device).map(\.declarer)).sorted()
        }
        return view
    }

    /// Devices that the query's names and labels leave, sorted by name.
    func scope(_ query: ResourceQuery) throws(APIFailure) -> [DeviceSnapshot] {
        var chosen: [DeviceSnapshot] = []
        if query.kind == .devices, !query.names.isEmpty {
            for name in query.names {
                let id = try device(name).id
                if let snapshot = fleet.devices[id] { chosen.append(snapshot) }
            }
        } else if let name = query.device {
            let id = try device(name).id
            chosen = fleet.devices[id].map { [$0] } ?? []
        } else {
            chosen = Array(fleet.devices.values)
        }
        return chosen.filter { query.matches($0.device.facts.labels) }.sorted {
            ($0.device.facts.name, $0.device.id) < ($1.device.facts.name, $1.device.id)
        }
    }

    // MARK: Modules

    func modules(_ query: ResourceQuery) throws(APIFailure) -> [ModuleView] {
        var views: [ModuleView] = []
        for snapshot in try scope(query) {
            let reports = Dictionary(
                (snapshot.report?.modules ?? []).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
            for entry in snapshot.table?.modules ?? [] where query.intent == nil || query.intent == entry.plan.intent {
                var view = ModuleView(
                    plan: entry.plan, device: snapshot.device.id, deviceName: snapshot.device.facts.name,
                    decided: entry, report: reports[entry.plan.id],
                    check: check(of: entry.plan, on: snapshot.device.id))
                view.generationDecided = snapshot.table?.generation
                view.generationConfirmed = snapshot.report?.generation ?? Generation.none
                view.conditions = conditions(
                    of: entry, reports[entry.plan.id], on: snapshot, check: view.check)
                views.append(view)
            }
        }
        for name in query.names where !views.contains(where: { $0.id.description == name }) {
            throw APIFailure(.notFound, "there is no module '\(name)'", hint: "'l45 get modules' lists those that are")
        }
        return query.names.isEmpty ? views : views.filter { query.names.contains($0.id.description) }
    }

    /// Intents with modules or paths on the devices that the query's labels leave; nil: it names no label.
    private func onSelected(_ query: ResourceQuery) throws(APIFailure) -> Set<IntentName>? {
        guard query.selects else { return nil }
        var found: Set<IntentName> = []
        var devices = ResourceQuery(.modules, selector: query.selector)
        devices.requirements = query.requirements
        for snapshot in try scope(devices) {
            for module in snapshot.plan?.modules ?? [] { found.insert(module.intent) }
            for entry in snapshot.table?.modules ?? [] { found.insert(entry.plan.intent) }
            for name in book.records.keys where paths.devices(of: name).contains(snapshot.device.id) {
                found.insert(name)
            }
        }
        return found
    }

    // MARK: Rollouts

    func rollouts(_ query: ResourceQuery) throws(APIFailure) -> [RolloutView] {
        let selected = try onSelected(query)
        let statuses = fleet.statuses.values
            .filter { query.intent == nil || $0.intent == query.intent }
            .filter { selected?.contains($0.intent) ?? true }
            .sorted { $0.flow < $1.flow }
        for name in query.names
        where !statuses.contains(where: { $0.flow.rawValue == name || $0.intent.rawValue == name }) {
            throw APIFailure(
                .notFound, "there is no rollout '\(name)'", hint: "'l45 get rollouts' lists those that are")
        }
        return statuses.filter { status in
            query.names.isEmpty || query.names.contains(status.flow.rawValue)
                || query.names.contains(status.intent.rawValue)
        }.map(view)
    }

    private func view(_ status: RolloutStatus) -> RolloutView {
        var view = RolloutView(status, names: names)
        if let outlook = Outlook(status, strategy: fleet.strategies[status.intent], policy: fleet.policy) {
            view.next = outlook.next
            view.nextAt = APITime(known: outlook.nextAt)
            view.haltsAt = APITime(known: outlook.haltsAt)
        }
        view.waiting = view.waiting.map(withProspect)
        view.conditions = conditions(of: view)
        return view
    }

    /// Since when the device is as it is, and what is done about it.
    func withProspect(_ waiting: RolloutView.Waiting) -> RolloutView.Waiting {
        guard let prospect = fleet.devices[waiting.device]?.prospect(fleet.policy) else { return waiting }
        var told = waiting
        told.since = APITime(known: prospect.since)
        told.next = prospect.next
        told.nextAt = APITime(known: prospect.nextAt)
        return told
    }

    // MARK: Intents

    func intents(_ query: ResourceQuery) throws(APIFailure) -> [IntentView] {
        func asked(_ name: IntentName) -> Bool { query.names.isEmpty || query.names.contains(name.rawValue) }
        var views = book.records.values.filter { asked($0.name) }.map { view(of: $0, deleting: false) }
        // Withdrawn intents stay in sight until the last module is gone.
        let leaving = Set(fleet.statuses.values.map(\.intent)).union(paths.present)
            .subtracting(book.records.keys).filter(asked)
        views += leaving.map { name in
            view(
                of: IntentRecord(name: name, revision: .none, source: "", origin: "", epoch: Epoch(0)), deleting: true)
        }
        for name in query.names where !views.contains(where: { $0.name.rawValue == name }) {
            throw APIFailure(.notFound, "there is no intent '\(name)'", hint: "'l45 get intents' lists those that are")
        }
        let selected = try onSelected(query)
        return views.filter { selected?.contains($0.name) ?? true }.sorted { $0.name < $1.name }
    }

    private func view(of record: IntentRecord, deleting: Bool) -> IntentView {
        if let view = postureIntent(record) { return view }
        let statuses = fleet.statuses.values.filter { $0.intent == record.name }
        var flows = Set(statuses.map(\.flow))
        var devices: Set<DeviceID> = []
        for snapshot in fleet.devices.values {
            for module in snapshot.plan?.modules ?? [] where module.intent == record.name {
                flows.insert(module.flow)
                devices.insert(snapshot.device.id)
            }
            for entry in snapshot.table?.modules ?? [] where entry.plan.intent == record.name {
                devices.insert(snapshot.device.id)
            }
        }
        let guarding = paths.devices(of: record.name)
        devices.formUnion(guarding)
        let unguarded = guarding.filter { paths.devices[$0]?.runs(record.name) != true }
        let away = devices.filter { id in
            if case .away? = fleet.devices[id]?.link { true } else { false }
        }
        let waiting = Set(statuses.flatMap(\.waiting).map(\.device)).union(unguarded)
        let settled = statuses.filter { $0.phase == .settled && $0.epoch == record.epoch }
        // One that only adds to another is in force as that one is.
        let head = flows.isEmpty && !deleting ? book.head(of: record.name) : nil
        let ready =
            if let head { view(of: head, deleting: false).ready && misfits[record.name] == nil } else {
                !deleting && (!(flows.isEmpty && guarding.isEmpty) || fleet.resting.contains(record.name))
                    && settled.count == flows.count && statuses.count == flows.count && unguarded.isEmpty
            }
        let told = head.map { head in fleet.statuses.values.filter { $0.intent == head.name } } ?? Array(statuses)
        let rotation = book.intent(record.name)?.rotation
        var view = IntentView(
            record: record, observedRevision: record.revision, rotate: rotation?.timing,
            rotateNext: rotation.flatMap {
                RotationSchedule.next(record: record, timing: $0.timing, jitter: $0.jitter)
            },
            deleting: deleting, flows: flows.count, devices: devices.count,
            devicesReady: devices.subtracting(ready ? [] : waiting).subtracting(ready ? [] : away).count,
            devicesAway: away.count, phase: phase(statuses.map(\.phase), guarding, unguarded), ready: ready,
            conditions: conditions(
                record, statuses: told, ready: ready, away: away, deleting: deleting,
                unguarded: unguarded) + pathConditions(record.name, guarding) + afterCondition(head))
        for at in view.conditions.indices { view.conditions[at].observedGeneration = record.revision }
        if !deleting {
            view.schedule = schedule(of: record)
            view.owners = owners(of: record)
        }
        return view
    }

    /// One that only adds to another says so.
    private func afterCondition(_ head: IntentRecord?) -> [Condition] {
        head.map { head in
            [
                Condition(
                    type: "After", status: .yes, reason: "\(head.name)",
                    message: "is one module with intent '\(head.name)', and comes about as that does", since: nil)
            ]
        } ?? []
    }

    private func conditions(
        _ record: IntentRecord, statuses: [RolloutStatus], ready: Bool, away: Set<DeviceID>, deleting: Bool,
        unguarded: [DeviceID]
    ) -> [Condition] {
        let since = statuses.map(\.since).max()
        let first = statuses.flatMap(\.waiting).first
        let name = first.map { names[$0.device] ?? "\($0.device)" }
        let holdup = first.map { "\(name ?? "") \($0.reason)" } ?? unguarded.sorted().first.map(pathHoldup)
        var conditions = [
            Condition(
                type: "Ready", status: ready ? .yes : .no,
                reason: ready ? "Settled" : deleting ? "Withdrawing" : away.isEmpty ? "Progressing" : "DevicesAway",
                message: ready
                    ? "every tap in scope runs what its plan says"
                    : holdup ?? "in phase \(statuses.map(\.phase).min().map(\.rawValue) ?? "none yet")",
                since: since)
        ]
        if let reason = misfits[record.name] {
            conditions.append(
                Condition(
                    type: "Fits", status: .no, reason: "FleetChanged",
                    message: book.excluded(from: record.name).isEmpty
                        ? "\(reason); its modules stay as they are" : "\(reason); its modules are withdrawn", since: nil
                ))
        }
        if let (halted, halt) = statuses.lazy.compactMap({ status in status.course?.halt.map { (status.intent, $0) } })
            .first
        {
            conditions.append(
                Condition(
                    type: "Halted", status: .yes, reason: halt.cause.rawValue,
                    message: "\(halt.reason); 'l45 rollout retry \(halted)' goes on, 'undo' goes back",
                    since: halt.at))
        }
        if let condition = posturePart(of: record.name) { conditions.append(condition) }
        if let condition = trustPart(of: record.name) { conditions.append(condition) }
        if record.paused {
            let held = book.intent(record.name)?.rotation == nil ? "" : ", and its schedule is held"
            conditions.append(
                Condition(
                    type: "Paused", status: .yes, reason: "Operator",
                    message: "halted\(held); 'l45 rollout resume \(record.name)' goes on",
                    since: book.hands[record.name]?.pause?.at))
        }
        return conditions
    }
}
