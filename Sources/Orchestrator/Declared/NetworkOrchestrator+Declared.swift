import Inventory
import L45Model
import Reconciler

// The inventory as files have it.
extension NetworkOrchestrator {
    func declare(_ request: DeclareRequest) throws -> DeclareResult {
        let change = try declared.change(
            request, enrolled: fleet.devices.values.map(\.device), labels: try inventory.operatorLabels())
        let result = DeclareResult(
            dryRun: request.dryRun, devices: change.outcomes, warnings: change.warnings, undeclared: change.undeclared)
        guard !request.dryRun, result.differs || !change.labels.isEmpty else { return result }
        AuditSlot.current?.name(
            result.devices.filter { $0.outcome != .unchanged }.map { "declared/\($0.name) \($0.outcome.rawValue)" })
        try inventory.declare(change.stored, removed: change.removed, labels: change.labels)
        declared = change.next
        for id in change.labels.keys {
            fleet.relabel(id, labels: try inventory.device(id)?.device.facts.labels ?? [:])
        }
        plansAreStale = true
        passAtOnce()
        return result
    }

    /// With the operators' labels of devices in place of those that were declared: what is so, for a file to say.
    func inventoryView() throws -> [DeclaredDevice] {
        let labels = try inventory.operatorLabels()
        var all = declared.devices
        for device in fleet.devices.values.map(\.device) {
            let known = declared.declaration(of: device)
            let name = known?.name ?? device.facts.name
            // Two that say one name are told apart by their ids.
            let isTaken = all[name] != nil && known == nil
            let key = isTaken ? "\(name)-\(device.id.rawValue.prefix(8))" : name
            all[key] = DeclaredDevice(
                name: key, id: known == nil ? device.id : known?.id, labels: labels[device.id] ?? [:],
                groups: known?.groups ?? [], origin: known?.origin ?? "")
        }
        return all.values.sorted { $0.name < $1.name }
    }
}
