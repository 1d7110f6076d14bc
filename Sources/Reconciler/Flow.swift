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
        // The flow of each module, device by device, as the first walk met them: the second looks up no name again, and
        // looks at no module of a flow that nothing is asked of.
        var ofWanted: [Int] = []
        var ofBase: [Int] = []
        for device in devices {
            let wanted = device.wanted
            for at in wanted.indices {
                let flow = place(wanted[at])
                ofWanted.append(flow)
                flows[flow].note(wanted[at].epoch)
                if !device.atRest, !flows[flow].isQuiet || !device.isAtRest(at) { flows[flow].awake = true }
            }
            if device.atRest {
                // Its table is its plan, module by module.
                for at in ofWanted.count - wanted.count..<ofWanted.count { ofBase.append(ofWanted[at]) }
                continue
            }
            for entry in device.base {
                let flow = place(entry.plan)
                ofBase.append(flow)
                if !flows[flow].isQuiet || !device.isWanted(entry) { flows[flow].awake = true }
            }
        }
        if flows.contains(where: { $0.awake || $0.mixed }) {
            var wantedBefore = 0
            var baseBefore = 0
            for (index, device) in devices.enumerated() {
                let (wanted, base) = (device.wanted, device.base)
                for at in wanted.indices {
                    let flow = ofWanted[wantedBefore + at]
                    if let member = flows[flow].member(index, device) {
                        flows[flow].members[member].wanted.append(wanted[at])
                    }
                }
                for at in base.indices {
                    let flow = ofBase[baseBefore + at]
                    if let member = flows[flow].member(index, device) {
                        flows[flow].members[member].entries.append(base[at])
                    }
                }
                wantedBefore += wanted.count
                baseBefore += base.count
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

    /// What the flow comes to first, where a tap has no room for all the editions that are here and the one wanted.
    enum Between: Hashable {
        /// The newest edition that somebody sends and everybody understands.
        case edition(Epoch)
        /// Nobody sends any: so none need stay.
        case plain
    }

    /// nil: there is one edition at most besides the one wanted, and it stays until that one is here; or none of them is
    /// understood by all.
    var between: Between? {
        guard !mixed else { return nil }
        var held: Set<Epoch> = []
        var sent: Set<Epoch> = []
        for member in members {
            for entry in member.entries where entry.plan.epoch != epoch {
                held.insert(entry.plan.epoch)
            }
            for entry in member.entries where entry.state == .active { sent.insert(entry.plan.epoch) }
        }
        guard held.count > 1 else { return nil }
        if sent.isEmpty { return .plain }
        // While the edition wanted is sent, it is here, and needs no room.
        guard epoch.map({ !sent.contains($0) }) ?? true else { return nil }
        return sent.sorted().last { isUnderstood($0) }.map(Between.edition)
    }

    /// Whoever has a module of the flow has one of this edition, for each of its ends.
    private func isUnderstood(_ epoch: Epoch) -> Bool {
        members.allSatisfy { member in
            [ModulePlan.Role.client, .server].allSatisfy { role in
                let own = member.entries.filter { $0.plan.role == role }
                let wants = member.wanted.contains { $0.role == role }
                return (own.isEmpty && !wants)
                    || own.contains { $0.plan.epoch == epoch && ($0.state == .active || $0.state == .standby) }
            }
        }
    }

    /// As if the plans wanted no more than what the tables hold of that.
    func coming(to between: Between) -> Flow {
        var flow = self
        flow.epoch = if case .edition(let epoch) = between { epoch } else { nil }
        for at in flow.members.indices {
            flow.members[at].wanted = members[at].entries.map(\.plan).filter { $0.epoch == flow.epoch }
            flow.members[at].compare()
        }
        return flow
    }
}
