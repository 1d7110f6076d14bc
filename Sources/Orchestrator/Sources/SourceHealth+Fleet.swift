import IntentCompiler
import L45Model
import Reconciler

extension SourceHealth {
    /// Whether these intents are all in force: one walk over the fleet, however many they are.
    static func of(
        _ names: Set<IntentName>, _ fleet: FleetState, _ book: IntentBook, misfits: [IntentName: String],
        _ paths: PathFleet
    ) -> SourceHealth {
        for name in names.sorted() {
            if let reason = misfits[name] { return .degraded("intent '\(name)' does not fit the fleet: \(reason)") }
        }
        var waiting: [IntentName: String] = [:]
        var settled: Set<FlowName> = []
        var seen: Set<IntentName> = []
        for status in fleet.statuses.values where names.contains(status.intent) {
            if let halt = status.course?.halt {
                return .degraded("the rollout of '\(status.intent)' is halted: \(halt.reason)")
            }
            if status.phase == .settled, status.epoch == book.records[status.intent]?.epoch {
                settled.insert(status.flow)
                seen.insert(status.intent)
            } else {
                waiting[status.intent] = "is in phase \(status.phase.rawValue)"
            }
        }
        for snapshot in fleet.devices.values {
            for module in snapshot.plan?.modules ?? [] where names.contains(module.intent) {
                seen.insert(module.intent)
                if !settled.contains(module.flow) { waiting[module.intent] = waiting[module.intent] ?? "begins" }
            }
        }
        for name in names.intersection(paths.present) {
            seen.insert(name)
            if let device = paths.devices(of: name).first(where: { paths.devices[$0]?.runs(name) != true }) {
                waiting[name] = "is not confirmed by \(fleet.devices[device]?.device.facts.name ?? "\(device)")"
            }
        }
        for name in names.subtracting(seen) where waiting[name] == nil {
            if book.records[name] == nil {
                waiting[name] = "is not there"
            } else if !book.resting.contains(name), book.head(of: name) == nil, book.postureIntent?.name != name {
                waiting[name] = "has no device yet"
            }
        }
        guard let first = waiting.min(by: { $0.key < $1.key }) else { return .healthy }
        return .progressing(waiting: waiting.count, of: names.count, first: "'\(first.key)' \(first.value)")
    }
}
