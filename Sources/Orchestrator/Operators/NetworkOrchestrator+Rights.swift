import IntentCompiler
import Inventory
package import L45Model
import Logging
import Reconciler

// Who may do what. Rights are looked at where the change is known: before a request begins by its role, and where a change is
// taken up by the devices that it reaches.
extension NetworkOrchestrator {
    package func answer(_ request: APIRequest, by caller: Caller) async -> APIResponse {
        let slot = AuditSlot(caller: caller, verb: request.verb, objects: request.objects, at: now())
        do {
            let call = try admitted(request, caller)
            return await OperatorCall.$current.withValue(call) {
                guard request.isChange else { return await answer(request).within(call) }
                return await AuditSlot.$current.withValue(slot) { finish(slot, await answer(request)).within(call) }
            }
        } catch let refusal as APIFailure {
            logger.warning(
                "operator refused",
                metadata: ["who": "\(caller.name)", "verb": "\(request.verb)", "reason": "\(refusal.message)"])
            return refuse(slot, refusal)
        } catch {
            return .failure(APIFailure(.unavailable, "\(error)"))
        }
    }

    /// - Throws: `notPermitted`, or `InventoryError`.
    private func admitted(_ request: APIRequest, _ caller: Caller) throws -> OperatorCall {
        guard caller.role >= request.neededRole else {
            throw APIFailure(
                .notPermitted,
                "'\(caller.name)' has the role \(caller.role.rawValue), and '\(request.verb)' needs "
                    + request.neededRole.rawValue,
                hint: "whoever administers the fleet gives roles with 'l45 operator add'")
        }
        guard !caller.scope.isEverything else { return OperatorCall(caller: caller, devices: nil) }
        guard !request.needsWholeFleet else {
            throw APIFailure(
                .notPermitted,
                "'\(request.verb)' is about the whole fleet, and the rights of '\(caller.name)' are for "
                    + "\(caller.scope)")
        }
        return OperatorCall(caller: caller, devices: try covered(by: caller.scope))
    }

    /// - Returns: nil: all.
    func covered(by scope: LabelScope) throws(InventoryError) -> Set<DeviceID>? {
        guard !scope.isEverything else { return nil }
        let labels = try inventory.operatorLabels()
        return Set(fleet.devices.keys.filter { scope.covers(labels[$0] ?? [:]) })
    }

    /// A change that left no line with its own transaction gets one now.
    private func finish(_ slot: AuditSlot, _ response: APIResponse) -> APIResponse {
        var result = AuditEntry.Result.unchanged
        var detail: String?
        if case .failure(let failure) = response {
            result = [.unavailable, .internalError].contains(failure.code) ? .failed : .refused
            detail = failure.message
            if !slot.isOpen { detail = "after its change was stored: \(failure.message)" }
        } else if !slot.isOpen {
            return response
        }
        do {
            try inventory.audit(slot, result: result, detail: detail)
        } catch {
            logger.error("not in the audit trail", metadata: ["verb": "\(slot.verb)", "error": "\(error)"])
        }
        return response
    }

    private func refuse(_ slot: AuditSlot, _ refusal: APIFailure) -> APIResponse {
        do {
            try inventory.audit(slot, result: .refused, detail: refusal.message)
        } catch {
            logger.error("not in the audit trail", metadata: ["verb": "\(slot.verb)", "error": "\(error)"])
        }
        return .failure(refusal)
    }

    // MARK: Reach

    /// - Throws: `notPermitted`, naming devices outside the caller's scope that the change would reach.
    func refuseBeyondScope(_ planned: Planning.Planned, removed: [IntentName]) throws(APIFailure) {
        guard OperatorCall.current.devices != nil else { return }
        var intents = Set(removed)
        for record in planned.book.records.values where book.records[record.name] != record {
            intents.insert(record.name)
        }
        intents.formUnion(planned.book.resting.symmetricDifference(book.resting))
        let after = Dictionary(planned.plans.map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
        let paths = Dictionary(planned.paths.map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
        let pathsBefore = Dictionary(
            (plannedPaths ?? self.paths.plans).map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
        var reached: Set<DeviceID> = []
        for (id, device) in fleet.devices {
            let none = DevicePaths(device: id, paths: [])
            if (device.plan?.modules ?? []) != (after[id]?.modules ?? []) { reached.insert(id) }
            if (pathsBefore[id] ?? none) != (paths[id] ?? none) { reached.insert(id) }
        }
        for plan in planned.plans where plan.modules.contains(where: { intents.contains($0.intent) }) {
            reached.insert(plan.device)
        }
        try refuseBeyondScope(intents: intents, reached)
    }

    /// - Throws: `notPermitted`, when one of these intents has modules or paths outside the caller's scope.
    func refuseBeyondScope(intents: Set<IntentName>, _ also: Set<DeviceID> = []) throws(APIFailure) {
        let call = OperatorCall.current
        guard let covered = call.devices else { return }
        var reached = also
        for (id, device) in fleet.devices {
            let modules = (device.plan?.modules ?? []) + (device.table?.modules ?? []).map(\.plan)
            if modules.contains(where: { intents.contains($0.intent) }) { reached.insert(id) }
        }
        for intent in intents { reached.formUnion(paths.devices(of: intent)) }
        let beyond = reached.subtracting(covered).map { fleet.devices[$0]?.device.facts.name ?? "\($0)" }.sorted()
        guard !beyond.isEmpty else { return }
        let names = beyond.prefix(6).joined(separator: ", ") + (beyond.count > 6 ? ", ..." : "")
        throw APIFailure(
            .notPermitted,
            "this would reach \(beyond.count == 1 ? "a device" : "\(beyond.count) devices") outside "
                + "\(call.caller.scope), the scope of '\(call.caller.name)': \(names); nothing was changed",
            hint: "select by \(call.caller.scope) too, or ask whoever operates the whole fleet")
    }

    /// An intent that selects more widely than its author's scope would take in devices that come later.
    /// - Throws: `notPermitted`.
    func refuseWideSelectors(_ proposal: Proposal) throws(APIFailure) {
        let call = OperatorCall.current
        guard call.devices != nil else { return }
        for name in proposal.touched.sorted() {
            guard let intent = proposal.planned.book.intent(name) else { continue }
            if intent.posture != nil {
                throw APIFailure(
                    .notPermitted,
                    "posture '\(name)' is about the whole fleet, and the rights of '\(call.caller.name)' are for "
                        + "\(call.caller.scope); nothing was changed")
            }
            for (side, selector) in [("clients", intent.clients), ("servers", intent.servers)] {
                let missing = call.caller.scope.labels.sorted { $0.key < $1.key }.first { label in
                    !selector.requirements.contains { $0.label == label.key && $0.rule == .isOne(of: [label.value]) }
                }
                guard let missing else { continue }
                throw APIFailure(
                    .notPermitted,
                    "the \(side) of intent '\(name)' are '\(selector)', which devices outside \(call.caller.scope), the "
                        + "scope of '\(call.caller.name)', may fall under; nothing was changed",
                    hint: "add \(missing.key)=\(missing.value) to its \(side)")
            }
        }
    }

    /// What a device is labelled with decides who has power over it, and what other devices run.
    /// - Parameter labels: those that operators give it from now on.
    /// - Throws: `notPermitted`.
    func refuseRelabelling(_ device: Device, to labels: [String: String], merged: [String: String]) throws(APIFailure) {
        let call = OperatorCall.current
        guard call.devices != nil else { return }
        guard call.caller.scope.covers(labels) else {
            throw APIFailure(
                .notPermitted,
                "with these labels '\(device.facts.name)' would be outside \(call.caller.scope), the scope of "
                    + "'\(call.caller.name)'; nothing was changed")
        }
        // Tried on a copy: there is no suspension point until the copy is gone.
        let present = fleet
        defer { fleet = present }
        fleet.relabel(device.id, labels: merged)
        let planned = try plan(book, mustFit: [], now())
        fleet = present
        try refuseBeyondScope(planned, removed: [])
    }

    /// - Throws: `notPermitted`, when who enrols by it would be outside the caller's scope.
    func refuseToken(_ labels: [String: String]) throws(APIFailure) {
        let caller = OperatorCall.current.caller
        guard !caller.scope.covers(labels) else { return }
        throw APIFailure(
            .notPermitted,
            "a device with this token would be outside \(caller.scope), the scope of '\(caller.name)'",
            hint: "give it the labels \(caller.scope) with --label")
    }
}
