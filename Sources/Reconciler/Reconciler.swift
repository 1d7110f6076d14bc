package import L45Model

/// Decides what to do next so that every tap comes to run what its plan says, and no message is lost on the way.
///
/// Pure and level-triggered: each pass derives where every flow stands from plans (what is wanted), tables (what was
/// decided last) and reports (what taps run). A pass that is cut short, done twice or done late comes to the same end.
/// What it remembers, `statuses`, serves the clock of a drain and the reader; losing it costs time, never a message.
package enum Reconciler {
    /// - Returns: effects in order: standings, then per device a table and its sending, then events. Empty when nothing
    ///   differs and nothing is waited for anew.
    package static func step(_ snapshot: FleetSnapshot, now: Timestamp) -> [Action] {
        let devices = standings(snapshot, now: now)
        let brake = Brake(devices.lazy.map(\.snapshot), policy: snapshot.policy)
        let flows = Flow.all(of: devices, snapshot.statuses, resting: snapshot.resting)
        let courses = flows.map { flow in
            let standing = snapshot.statuses[flow.name]
            return Course(
                flow, strategy: snapshot.strategies[flow.intent],
                standing: standing?.epoch == flow.epoch ? standing : nil,
                held: brake.on || snapshot.paused.contains(flow.intent), devices: devices, now: now)
        }
        // An intent's flows are one rollout: what halts one of them halts them all.
        let halted = Set(zip(flows, courses).lazy.filter { $1?.halted ?? false }.map { $0.0.intent })
        var rotations = zip(flows, courses).map { flow, course in
            Rotation(
                flow: flow,
                held: brake.on || snapshot.paused.contains(flow.intent) || halted.contains(flow.intent),
                standing: snapshot.statuses[flow.name], policy: snapshot.policy, now: now, devices: devices,
                course: course)
        }
        var room = Room(devices, rulesMax: snapshot.policy.rulesMax)
        for at in rotations.indices {
            rotations[at].advance()
            rotations[at].withhold()
            var crowded = room.lacking(rotations[at])
            if !crowded.isEmpty, let between = rotations[at].between() {
                rotations[at] = between
                rotations[at].advance()
                crowded = room.lacking(rotations[at])
            }
            rotations[at].withhold(crowded)
            room.take(rotations[at])
        }

        let tables = Tables(devices, rotations, braked: brake.on)
        var journal = Journal(snapshot: snapshot, braked: brake.on, now: now)
        var actions: [Action] = []
        for rotation in rotations {
            journal.add(rotation, devices, tables)
        }
        journal.addGone(Set(rotations.map(\.flow.name)), devices)
        journal.addDevices(devices, tables)
        actions += journal.standings
        for (at, device) in devices.enumerated() {
            if let table = tables.decided[at] { actions.append(.decide(table)) }
            if let generation = tables.send(at, device, policy: snapshot.policy, now: now) {
                actions.append(.send(device.id, generation))
            }
        }
        return actions + journal.notes
    }

    static func standings(_ snapshot: FleetSnapshot, now: Timestamp) -> [DeviceStanding] {
        snapshot.devices.keys.sorted().compactMap { id in
            snapshot.devices[id].map {
                DeviceStanding(
                    id: id, snapshot: $0, policy: snapshot.policy, resting: snapshot.resting, now: now)
            }
        }
    }
}
