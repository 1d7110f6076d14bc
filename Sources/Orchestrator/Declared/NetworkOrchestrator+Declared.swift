import Inventory
import L45Model
import Reconciler

// The inventory as files and git sources have it.
extension DeclaredFleet.Change {
    var forStorage: DeclarationChange {
        DeclarationChange(
            stored: stored, removed: removed, labels: labels, storedBoxes: storedBoxes, removedBoxes: removedBoxes)
    }
}

extension NetworkOrchestrator {
    func declare(_ request: DeclareRequest) throws -> DeclareResult {
        let change = try declaration(request)
        let result = change.result(dryRun: request.dryRun)
        guard !request.dryRun, !change.isNothing else { return result }
        AuditSlot.current?.name(Self.objects(of: result))
        try store(change)
        passAtOnce()
        return result
    }

    /// What a request of an operator comes to.
    /// - Throws: `conflict` when it would change what a git source declares.
    func declaration(_ request: DeclareRequest) throws -> DeclaredFleet.Change {
        let change = try declared.change(
            request, enrolled: fleet.devices.values.map(\.device), labels: try inventory.operatorLabels(),
            sparing: sources.managers)
        let foreign = (change.outcomes + change.boxOutcomes).first { one in
            one.outcome != .unchanged && one.by.map(sources.managers.contains) ?? false
        }
        if let foreign, let by = foreign.by {
            throw APIFailure(
                .conflict, "'\(foreign.name)' is declared by \(by), which is followed; nothing was changed",
                hint: "commit the change there, or declare it by another name")
        }
        return change
    }

    /// What the trail names.
    static func objects(of result: DeclareResult) -> [String] {
        result.devices.filter { $0.outcome != .unchanged }.map { "declared/\($0.name) \($0.outcome.rawValue)" }
            + (result.middleboxes ?? []).filter { $0.outcome != .unchanged }
            .map { "middlebox/\($0.name) \($0.outcome.rawValue)" }
    }

    /// Stores a change of declarations alone; intents follow with the next plan.
    func store(_ change: DeclaredFleet.Change) throws {
        let labels = try labelsInForce(after: change)
        try inventory.declare(change.forStorage)
        takeUp(change, labels)
        if !labels.isEmpty { plansAreStale = true }
    }

    /// Of the devices whose labels it changes: the operators' over their agents' own.
    func labelsInForce(after change: DeclaredFleet.Change) throws -> [DeviceID: [String: String]] {
        guard !change.labels.isEmpty else { return [:] }
        let own = try inventory.agentLabels(of: Set(change.labels.keys))
        return change.labels.reduce(into: [:]) { labels, one in
            labels[one.key] = (own[one.key] ?? [:]).merging(one.value) { _, operators in operators }
        }
    }

    /// What the CIB has now.
    func takeUp(_ change: DeclaredFleet.Change, _ labels: [DeviceID: [String: String]]) {
        declared = change.next
        for (id, labels) in labels { fleet.relabel(id, labels: labels) }
    }

    /// Tries something on the fleet as it would be labelled. There is no suspension point until it is as it was.
    func relabelled<Value>(
        _ labels: [DeviceID: [String: String]], _ body: () throws -> Value
    ) rethrows -> Value {
        guard !labels.isEmpty else { return try body() }
        let present = fleet
        defer { fleet = present }
        for (id, labels) in labels { fleet.relabel(id, labels: labels) }
        return try body()
    }

    /// With the operators' labels of devices in place of those that were declared: what is so, for files to say. What nobody
    /// declared stands by itself.
    func inventoryView() throws -> [DeclaredDevice] {
        let labels = try inventory.operatorLabels()
        let roll = EnrolledRoll(fleet.devices.values.map(\.device))
        var all: [DeclaredDevice] = declared.all.map { declaration in
            var shown = declaration
            shown.by = declaration.declarer
            shown.place = nil
            if let id = roll.match(declaration)?.id {
                let present = labels[id] ?? [:]
                shown.labels = declaration.labels.reduce(into: [:]) { $0[$1.key] = present[$1.key] }
            }
            return shown
        }
        var names = Set(all.map(\.name))
        for device in fleet.devices.values.map(\.device).sorted(by: { ($0.facts.name, $0.id) < ($1.facts.name, $1.id) })
        {
            let known = declared.declarations(of: device)
            let said = Set(known.flatMap(\.labels.keys))
            let rest = (labels[device.id] ?? [:]).filter { !said.contains($0.key) }
            guard known.isEmpty || !rest.isEmpty else { continue }
            // Two that say one name are told apart by their ids.
            let isTaken = known.isEmpty && names.contains(device.facts.name)
            let name =
                isTaken
                ? "\(device.facts.name)-\(device.id.rawValue.prefix(8))" : known.first?.name ?? device.facts.name
            names.insert(name)
            all.append(DeclaredDevice(name: name, id: device.id, labels: rest, origin: ""))
        }
        return all
    }
}
