import L45Model

/// A flow across the fleet, as found by one pass.
struct Flow {
    let name: FlowName
    let intent: IntentName
    /// The present level of the posture has it not in force: nobody is to send it.
    let resting: Bool
    /// In the order of their devices. Empty when every device of the flow is at rest: nothing is to be asked of it then.
    var members: [FlowMember] = []
    /// The edition wanted; nil: none. Plans of one flow are adopted together and agree; should they not, `mixed` holds
    /// the flow.
    private(set) var epoch: Epoch?
    private(set) var mixed = false
    /// A module of the plans has the id of one in the tables and speaks otherwise. Until that one is gone, the plans
    /// are taken to want nothing of the flow.
    private(set) var conflicted = false
    /// Some device of it is not at rest, and there is something to ask of it.
    private var awake = false
    /// It is shown as done and as waiting for nobody. While each of its modules is as its plan wants it, by the words of
    /// table and tap, a pass changes nothing of it, however its devices' other flows move.
    private let isQuiet: Bool

    private init(_ plan: ModulePlan, _ standing: RolloutStatus?, resting: Bool) {
        name = plan.flow
        intent = plan.intent
        self.resting = resting
        isQuiet =
            standing.map {
                $0.phase == .settled && $0.epoch == plan.epoch && $0.waiting.isEmpty && $0.course == nil
                    && ($0.rest == .standby) == resting
            } ?? false
    }

    /// All flows in plans and tables, by name. Two walks over the fleet, the second for flows that are awake.
    /// - Parameter statuses: what the pass before concluded.
    static func all(
        of devices: [DeviceStanding], _ statuses: [FlowName: RolloutStatus], resting: Set<IntentName>
    ) -> [Flow] {
        var flows: [Flow] = []
        var places: [FlowName: Int] = [:]
        func place(_ plan: ModulePlan) -> Int {
            if let at = places[plan.flow] { return at }
            places[plan.flow] = flows.count
            flows.append(Flow(plan, statuses[plan.flow], resting: resting.contains(plan.intent)))
            return flows.count - 1
        }
        for device in devices {
            let wanted = device.wanted
            for at in wanted.indices {
                let flow = place(wanted[at])
                flows[flow].note(wanted[at].epoch)
                if !device.atRest, !flows[flow].isQuiet || !device.isAtRest(at) { flows[flow].awake = true }
            }
            if device.atRest { continue }
            for at in device.base.indices {
                let flow = place(device.base[at].plan)
                if !flows[flow].isQuiet || !device.isWanted(device.base[at]) { flows[flow].awake = true }
            }
        }
        if flows.contains(where: { $0.awake || $0.mixed }) {
            for (index, device) in devices.enumerated() {
                for plan in device.wanted {
                    let flow = place(plan)
                    if let member = flows[flow].member(index, device) {
                        flows[flow].members[member].wanted.append(plan)
                    }
                }
                for entry in device.base {
                    let flow = place(entry.plan)
                    if let member = flows[flow].member(index, device) {
                        flows[flow].members[member].entries.append(entry)
                    }
                }
            }
            for at in flows.indices { flows[at].conclude(devices) }
        }
        return flows.sorted { $0.name < $1.name }
    }

    private mutating func note(_ epoch: Epoch) {
        if let known = self.epoch, known != epoch { mixed = true }
        self.epoch = max(self.epoch ?? epoch, epoch)
    }

    /// The place of the device's share; nil: nothing is to be asked of the flow.
    private mutating func member(_ index: Int, _ device: DeviceStanding) -> Int? {
        guard awake || mixed else { return nil }
        if members.last?.device != index {
            var member = FlowMember(device: index, resting: resting)
            member.fresh = device.fresh
            members.append(member)
        }
        return members.count - 1
    }

    private mutating func conclude(_ devices: [DeviceStanding]) {
        for at in members.indices {
            members[at].confirmed = devices[members[at].device].confirms(members[at].entries)
            members[at].compare()
            guard !conflicted, !members[at].exact else { continue }
            conflicted = members[at].wanted.contains { plan in
                members[at].place(plan.id).map { !members[at].entries[$0].plan.speaksLike(plan) } ?? false
            }
        }
        guard conflicted else { return }
        epoch = nil
        mixed = false
        for at in members.indices {
            members[at].wanted = []
            members[at].compare()
        }
    }

    // MARK: Too little room

    /// The edition, of those that are here besides the one wanted, that the flow comes to first where a tap has no room for
    /// all of them: the newest that somebody sends. nil: there is one at most, and it stays until the wanted one is here.
    var stepBetween: Epoch? {
        guard !mixed else { return nil }
        var held: Set<Epoch> = []
        var sent: Set<Epoch> = []
        for member in members {
            for entry in member.entries where entry.plan.epoch != epoch {
                held.insert(entry.plan.epoch)
                if entry.state == .active { sent.insert(entry.plan.epoch) }
            }
        }
        return held.count < 2 ? nil : sent.max() ?? held.max()
    }

    /// As if the plans wanted no more than what the tables hold of this edition.
    func coming(to between: Epoch) -> Flow {
        var flow = self
        flow.epoch = between
        for at in flow.members.indices {
            flow.members[at].wanted = members[at].entries.map(\.plan).filter { $0.epoch == between }
            flow.members[at].compare()
        }
        return flow
    }
}
