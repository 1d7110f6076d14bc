import Inventory
import L45Model
import Reconciler

// What an apply would do: worked out on a copy, so that asking changes nothing.
extension NetworkOrchestrator {
    /// Sources as they would be in force.
    struct Proposal {
        var outcomes: [ApplyResult.Intent]
        /// Of parsing and planning, rendered.
        var warnings: [String]
        var planned: Planning.Planned
        /// Nothing of it is otherwise than it is.
        var isNothing: Bool { touched.isEmpty && declaring?.isNothing ?? true }
        var touched: Set<IntentName> { Set(outcomes.filter { $0.outcome != .unchanged }.map(\.name)) }
        /// The inventory that came with them.
        var declaring: DeclaredFleet.Change?
        var removed: [IntentName] { outcomes.filter { $0.outcome == .pruned }.map(\.name) }
    }

    /// - Throws: `badInput` when they do not fit, or cannot be proved.
    /// - Parameter sparing: intents of others, that `prune` leaves in place.
    func propose(
        _ reading: IntentBook.Reading, prune: Bool, sparing: Set<IntentName>, declaring: DeclaredFleet.Change? = nil,
        mtuBytes: Int = 1500, _ time: Timestamp
    ) throws -> Proposal {
        var next = book
        let (outcomes, warnings) = try next.apply(
            reading, prune: prune, sparing: sparing, lastKnown: { try inventory.lastKnown($0) }, now: time)
        try refuseRelease(next)
        let touched = Set(outcomes.filter { $0.outcome != .unchanged }.map(\.name))
        // Labels first: intents select devices by them.
        let labels = try declaring.map { try labelsInForce(after: $0) } ?? [:]
        let planned = try relabelled(labels) {
            try plan(next, mustFit: touched, authored: touched, mtuBytes: mtuBytes, time)
        }
        return Proposal(
            outcomes: outcomes,
            warnings: warnings + releaseWarnings(next) + planned.warnings
                + (declaring?.warnings.map { "warning: \($0)" } ?? []),
            planned: planned, declaring: declaring)
    }

    /// Device by device, against the plans in force.
    func change(of proposal: Proposal, dryRun: Bool) -> ApplyResult {
        let planned = proposal.planned
        let after = Dictionary(planned.plans.map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
        // A level that moves leaves the plans as they are, and changes who sends and which paths are guarded.
        let resting = DeviceDiff.Resting(before: book.resting, after: planned.book.resting)
        let pathsBefore = Dictionary(
            book.inForce(plannedPaths ?? paths.plans).map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
        let pathsAfter = Dictionary(
            planned.book.inForce(planned.paths).map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
        let diffs = fleet.devices.values.compactMap { device in
            let id = device.device.id
            return DeviceDiff(
                deviceName: device.device.facts.name, from: device.plan, to: after[id], pathsFrom: pathsBefore[id],
                pathsTo: pathsAfter[id], resting: resting)
        }
        var result = ApplyResult(
            dryRun: dryRun, intents: proposal.outcomes, warnings: proposal.warnings,
            devices: diffs.sorted { ($0.deviceName, $0.device) < ($1.deviceName, $1.device) })
        result.declared = proposal.declaring?.result(dryRun: dryRun)
        return result
    }

    func planned(_ request: PlanRequest) throws -> PlanResult {
        guard PlanRequest.mtuRange.contains(request.mtuBytes) else {
            throw APIFailure(
                .badInput,
                "an MTU is \(PlanRequest.mtuRange.lowerBound) to \(PlanRequest.mtuRange.upperBound) bytes, not "
                    + "\(request.mtuBytes)")
        }
        try check(manager: request.manager)
        let reading = try IntentBook.read(request.sources)
        let spared = request.prune ? held(against: request.manager) : []
        let proposal = try propose(
            reading, prune: request.prune, sparing: sources.kept.union(spared.map(\.intent)),
            declaring: try request.declares.map { try declaration($0) }, mtuBytes: request.mtuBytes, now())
        var devices = fleet.devices.mapValues(\.device)
        // A trial has one fleet for before and after.
        let relabelled = try proposal.declaring.map { try labelsInForce(after: $0) } ?? [:]
        for (id, labels) in relabelled { devices[id]?.facts.labels = labels }
        let forecast = PlanForecast(
            devices: devices, before: fleet.devices.values.compactMap(\.plan),
            after: proposal.planned.plans, book: proposal.planned.book, drainBound: configuration.policy.drainBound)
        let most = min(request.inventoryDevices, PlanRequest.devicesMax)
        let inventory = most > 0 ? forecast.inventory(before: book, touched: proposal.touched, most: most) : nil
        var change = change(of: proposal, dryRun: true)
        change.warnings += ownershipWarnings(
            proposal.touched, spared: spared, named: reading.names, manager: request.manager)
        return PlanResult(
            change: change, rotations: forecast.rotations, proofs: proposal.planned.proofs,
            inventory: inventory)
    }
}
