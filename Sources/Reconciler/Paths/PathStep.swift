package import L45Model

/// One effect on the paths of the fleet.
package enum PathAction: Hashable, Sendable {
    /// Store this table, above all that its device has seen.
    case decide(PathTable)
    case send(DeviceID, Generation)
    /// Tell the opener of a path that its far devices have these gates.
    case confirm(DeviceID, PathName, [PathGate])
}

/// Decides what each device is told of paths: its plan, and the gates that the openers of paths to it have asked for.
///
/// Level-triggered and pure: from any state of any device, the same steps lead to the same end. There are no phases: a gate
/// at one end alone does no harm, and the opener waits for the far end before it closes its own.
package enum PathStep {
    /// A table that was sent and is not confirmed is sent again after this.
    package static let resendAfter = Span.seconds(10)

    /// - Parameter paused: intents whose paths stay as they are.
    package static func step(
        _ fleet: [DeviceID: PathDevice], paused: Set<IntentName> = [], now: Timestamp
    ) -> [PathAction] {
        var actions: [PathAction] = []
        let asked = asked(fleet)
        for (id, device) in fleet.sorted(by: { $0.key < $1.key }) {
            let wanted = wanted(id, device, asked[id] ?? [], paused)
            let highest = max(
                device.table?.generation ?? .none, device.kept, device.report?.taken ?? .none,
                device.report?.inForce ?? .none)
            let isNew = device.table.map { !$0.asksForTheSame(as: wanted) } ?? (!wanted.isEmpty || highest > .none)
            // A CIB from a backup is behind its devices: it goes on above them.
            if isNew || (device.table.map { highest > $0.generation } ?? false) {
                let table = wanted.renumbered(highest.next)
                actions.append(.decide(table))
                if isReachable(device) { actions.append(.send(id, table.generation)) }
            } else if let table = device.table, isReachable(device), !device.isConfirmed,
                device.sentAt.map({ now - $0 >= resendAfter || now < $0 }) ?? true
            {
                actions.append(.send(id, table.generation))
            }
        }
        return actions + confirmations(fleet)
    }

    private static func isReachable(_ device: PathDevice) -> Bool {
        if case .connected = device.link { true } else { false }
    }

    /// Gates that openers want of each device, by their last reports.
    private static func asked(_ fleet: [DeviceID: PathDevice]) -> [DeviceID: [AcceptedGates]] {
        var asked: [DeviceID: [AcceptedGates]] = [:]
        for (opener, device) in fleet {
            for plan in device.plan?.paths ?? [] {
                let gates = device.report?.standing(plan.name)?.wanted ?? []
                guard !gates.isEmpty, !device.addresses.isEmpty else { continue }
                for far in plan.far where far != opener {
                    asked[far, default: []].append(
                        AcceptedGates(
                            path: plan.name, opener: opener, sources: device.addresses, destination: plan.destination,
                            gates: gates))
                }
            }
        }
        return asked
    }

    private static func wanted(
        _ id: DeviceID, _ device: PathDevice, _ accepted: [AcceptedGates], _ paused: Set<IntentName>
    ) -> PathTable {
        var paths = (device.plan?.paths ?? []).filter { !paused.contains($0.intent) }
        paths += (device.table?.paths ?? []).filter { paused.contains($0.intent) }
        return PathTable(
            device: id, generation: .none, paths: paths, answers: device.plan?.answers ?? [], accepted: accepted)
    }

    /// For each path that waits: what its far devices have, once all of them have what is wanted.
    private static func confirmations(_ fleet: [DeviceID: PathDevice]) -> [PathAction] {
        var actions: [PathAction] = []
        for (opener, device) in fleet.sorted(by: { $0.key < $1.key }) where isReachable(device) {
            for plan in device.plan?.paths ?? [] {
                guard let standing = device.report?.standing(plan.name), standing.isWaiting else { continue }
                let isHeld = plan.far.allSatisfy { far in
                    // A device that was forgotten is not waited for.
                    guard let other = fleet[far] else { return true }
                    let gates =
                        other.table?.accepted.first { $0.opener == opener && $0.path == plan.name }?.gates ?? []
                    return other.isConfirmed && gates == standing.wanted
                }
                if isHeld { actions.append(.confirm(opener, plan.name, standing.wanted)) }
            }
        }
        return actions
    }
}
