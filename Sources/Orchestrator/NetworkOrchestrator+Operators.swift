import ControlChannel
import IntentCompiler
import Inventory
package import L45Model
import Logging
import Reconciler
import Synchronization

// What operators ask. Every answer is given on one state of the fleet.
extension NetworkOrchestrator: OperatorService {
    package func answer(_ request: APIRequest) async -> APIResponse {
        do {
            switch request {
            case .apply(let request): return .applied(try apply(request))
            case .plan(let request): return .planned(try planned(request))
            case .delete(let request): return .deleted(try delete(request))
            case .get(let query): return try get(query)
            case .events(let query): return .events(try events(query))
            case .rollout(let request): return .rollout(try steer(request))
            case .declare(let request): return .declared(try declare(request))
            case .inventory: return .inventory(try inventoryView())
            case .trace(let request): return .trace(try views.trace(request))
            case .history(let request): return .history(try history(request))
            case .createToken(let request): return .token(try createToken(request))
            case .setLabels(let request): return .device(try setLabels(request))
            case .forgetDevice(let request): return .forgotten(try forget(request))
            case .readmitDevice(let request): return .device(try readmit(request))
            case .evictDevice(let request): return .evicted(try evict(request))
            case .authority(let request):
                return .authority(try request.rotate ? rotateAuthority() : authorityView())
            case .setLevel(let request): return .level(try setLevel(request))
            case .alerts(let query): return .alerts(try alerts(query))
            case .handleAlerts(let request): return .alerts(try handle(request))
            case .addOperator(let request): return .operatorGranted(try addOperator(request))
            case .operators: return .operators(try operatorViews())
            case .removeOperator(let request): return .operators(try removeOperator(request))
            case .audit(let query): return .audit(try inventory.auditTrail(query))
            case .verifyAudit(let check): return .auditVerdict(try inventory.verifyAudit(known: check.known))
            case .source(let request): return .sources(try steerSource(request))
            case .sources(let query): return .sources(try sourceViews(query))
            case .version: return .version(version)
            }
        } catch let failure as APIFailure {
            return .failure(failure)
        } catch let error as InventoryError {
            found(error)
            logger.error("request not carried out", metadata: ["error": "\(error)"])
            return .failure(APIFailure(.unavailable, "\(error)"))
        } catch {
            logger.error("request failed", metadata: ["error": "\(error)"])
            return .failure(APIFailure(.internalError, "\(error)"))
        }
    }

    private var version: VersionView {
        VersionView(
            version: Build.version, startedAt: startedAt, state: configuration.stateFolder, listening: listening)
    }

    // MARK: Intents

    private func apply(_ request: ApplyRequest) throws -> ApplyResult {
        let time = now()
        try check(manager: request.manager)
        let isForced = request.force ?? false
        let reading = try IntentBook.read(request.sources)
        let spared = request.prune && !isForced ? held(against: request.manager) : []
        let proposal = try propose(
            reading, prune: request.prune,
            sparing: isForced ? [] : sources.kept.union(spared.map(\.intent)),
            declaring: try request.declares.map { try declaration($0) }, time)
        // What a device is to run is told by what it is to run now.
        var result = change(of: proposal, dryRun: request.dryRun)
        let foreign = sources.kept.intersection(proposal.touched)
        let conflicts = FieldConflict.among(
            proposal.touched.subtracting(foreign), in: book, for: request.manager)
        if request.dryRun {
            result.warnings += ownershipWarnings(
                proposal.touched, spared: spared, named: reading.names, manager: request.manager)
        } else if !isForced {
            try sources.refuse(foreign)
            if let refusal = FieldConflict.refusal(conflicts, of: "apply", by: request.manager) { throw refusal }
            result.warnings += Self.sparing(spared, reading.names)
        }
        if !request.dryRun, !proposal.isNothing {
            AuditSlot.current?.name(
                (result.declared.map { Self.objects(of: $0) } ?? [])
                    + result.intents.filter { $0.outcome != .unchanged }
                    .map { "intent/\($0.name) \($0.outcome.rawValue)" }
                    + (request.manager.map { ["manager/\($0)"] } ?? []))
            try refuseWideSelectors(proposal)
            try adopt(
                proposal.planned, removed: proposal.removed, cause: "operator", manager: request.manager,
                declaring: proposal.declaring, time)
            for conflict in conflicts { note(conflict.takenOver(by: request.manager, at: time)) }
            noteDrift(foreign, time)
            passAtOnce()
        }
        if !request.dryRun { try claim(result.intents, by: request.manager, isForced: isForced, time) }
        return result
    }

    private func delete(_ request: DeleteRequest) throws -> DeleteResult {
        var next = book
        for name in request.intents {
            guard next.records[name] != nil else { throw unknown(intent: name) }
            next.remove(name)
        }
        let time = now()
        try check(manager: request.manager)
        let foreign = sources.kept.intersection(request.intents)
        if request.force != true {
            try sources.refuse(foreign)
            let conflicts = FieldConflict.among(
                Set(request.intents).subtracting(foreign), in: book, for: request.manager)
            if let refusal = FieldConflict.refusal(conflicts, of: "delete", by: request.manager) { throw refusal }
        }
        try refuseRelease(next)
        _ = next.followDocument(from: book, applied: [], now: time)
        try adopt(
            try plan(next, mustFit: [], time), removed: request.intents, cause: "operator", manager: request.manager,
            time)
        noteDrift(foreign, time)
        passAtOnce()
        return DeleteResult(intents: request.intents)
    }

    private func steer(_ request: RolloutRequest) throws -> RolloutResult {
        let time = now()
        guard var record = book.records[request.intent] else { throw unknown(intent: request.intent) }
        let before = record
        var next = book
        switch request.verb {
        case .pause: record.paused = true
        case .resume: record.paused = false
        case .retry: return try retry(record, time)
        case .rotate:
            next.advance(record.name, now: time)
            record = next.records[record.name] ?? record
        case .undo:
            let history = try inventory.intentHistory(record.name)
            guard let step = history.last(where: { $0.source != record.source || $0.epoch != record.epoch }) else {
                throw APIFailure(
                    .conflict,
                    "intent '\(record.name)' has no edition before epoch \(record.epoch), revision \(record.revision)",
                    hint: "'l45 delete intent \(record.name)' withdraws it")
            }
            if step.source != record.source {
                record.revision = record.revision.next
                record.source = step.source
                record.origin = step.origin
            }
            record.epoch = step.epoch
            record.epochSince = time
        }
        if record != before {
            try next.put(record)
            _ = next.followDocument(from: book, applied: [], now: time)
            let mustFit: Set<IntentName> = record.paused == before.paused ? [record.name] : []
            try adopt(try plan(next, mustFit: mustFit, time), removed: [], cause: request.verb.rawValue, time)
            if record.source != before.source { noteDrift(sources.kept.intersection([record.name]), time) }
            passAtOnce()
        }
        let now = book.records[record.name] ?? record
        var result = RolloutResult(
            intent: now.name, verb: request.verb, epoch: now.epoch, paused: now.paused, changed: now != before)
        result.schedule = views.schedule(of: now)
        let notes = request.verb == .undo ? notes(ofUndo: before, now) : []
        result.notes = notes.isEmpty ? nil : notes
        return result
    }

    /// A halt is part of a flow's standing, not of the intent: no plan changes.
    private func retry(_ record: IntentRecord, _ time: Timestamp) throws -> RolloutResult {
        try refuseBeyondScope(intents: [record.name])
        let statuses = Reconciler.retry(record.name, fleet.snapshot, now: time)
        if !statuses.isEmpty {
            try inventory.record(statuses: statuses)
            for status in statuses { fleet.show(status) }
            note(
                Event(
                    at: time, subject: "intent/\(record.name)", message: "halted rollout goes on",
                    facts: ["epoch": "\(record.epoch)"]))
            passAtOnce()
        }
        return RolloutResult(
            intent: record.name, verb: .retry, epoch: record.epoch, paused: record.paused, changed: !statuses.isEmpty)
    }

    // MARK: Reading

    private func get(_ query: ResourceQuery) throws -> APIResponse {
        let views = views
        switch query.kind {
        case .devices: return .devices(try views.devices(query))
        case .intents: return .intents(try views.intents(query).map(withManager))
        case .modules: return .modules(try views.modules(query))
        case .rollouts: return .rollouts(try views.rollouts(query))
        case .paths: return .paths(try views.paths(query))
        case .posture: return .posture(try views.postures(query))
        case .middleboxes:
            return .middleboxes(try views.middleboxes(query, all: OperatorCall.current.devices == nil))
        }
    }

    private func events(_ query: EventQuery) throws -> [EventView] {
        try flush(now())
        let limit = min(max(query.limit, 1), 1000)
        let stored =
            try query.after.map {
                try inventory.events(after: Int64(clamping: $0), limit: limit, subject: query.subject)
            }
            ?? inventory.latestEvents(limit, subject: query.subject)
        return stored.map { EventView(id: UInt64(clamping: $0.id), $0.event) }
    }

    // MARK: Devices

    private func createToken(_ request: TokenRequest) throws -> TokenView {
        guard request.ttl > .zero else { throw APIFailure(.badInput, "a token lives longer than 0 s; try '--ttl 1h'") }
        try refuseToken(request.labels)
        let time = now()
        let token = EnrolmentToken(for: authority.anchor)
        AuditSlot.current?.name(["token/\(token.id)"] + (AuditSlot.current?.objects ?? []))
        try inventory.createToken(
            id: token.id, secretHash: token.secretDigest, expires: time + request.ttl, labels: request.labels, at: time)
        note(
            Event(
                at: time, subject: "token/\(token.id)", message: "enrolment token made",
                facts: ["ttl": "\(request.ttl)"]))
        return TokenView(
            token: token.text, expiresAt: time + request.ttl, labels: request.labels, orchestrator: listening)
    }

    private func setLabels(_ request: LabelRequest) throws -> DeviceView {
        let views = views
        let device = try views.device(request.device)
        var labels = try inventory.device(device.id)?.operatorLabels ?? [:]
        labels.merge(request.set) { _, new in new }
        for key in request.remove { labels[key] = nil }
        var merged = device.facts.labels.merging(request.set) { _, new in new }
        for key in request.remove { merged[key] = nil }
        try refuseRelabelling(device, to: labels, merged: merged)
        try inventory.setOperatorLabels(device.id, labels)
        fleet.relabel(device.id, labels: try inventory.device(device.id)?.device.facts.labels ?? labels)
        noteLabelDrift(of: device.id, Set(request.set.keys).union(request.remove), now())
        plansAreStale = true
        passAtOnce()
        return views.view(
            of: device.id, fallback: device)
    }

    private func forget(_ request: DeviceRequest) throws -> DeviceID {
        let id = try views.device(
            request.device
        ).id
        AuditSlot.current?.name(["device/\(id)"])
        try inventory.forget(id, at: now())
        _ = leave(id, ChannelRefusal(.deviceNotAllowed, "the device was forgotten by its operator"))
        note(Event(at: now(), severity: .warning, subject: "device/\(id)", message: "device forgotten"))
        plansAreStale = true
        passAtOnce()
        return id
    }

    private func unknown(intent name: IntentName) -> APIFailure {
        let known = book.records.keys.sorted().map(\.rawValue).joined(separator: ", ")
        return APIFailure(
            .notFound, "there is no intent '\(name)'",
            hint: known.isEmpty ? "no intent is applied" : "there are: \(known)")
    }
}
