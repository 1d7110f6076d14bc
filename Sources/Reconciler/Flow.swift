import L45Model

/// A flow across the fleet, as found by one pass.
struct Flow {
    let name: FlowName
    let intent: IntentName
    /// In the order of their devices. Empty when every device of the flow is at rest: nothing is to be asked of it then.
    var members: [FlowMember] = []
    /// The edition wanted; nil: none. Plans of one flow are adopted together and agree; should they not, `mixed` holds
    /// the flow.
    private(set) var epoch: Epoch?
    private(set) var mixed = false
    /// A module of the plans has the id of one in the tables and speaks otherwise. Until that one is gone, the plans
    /// are taken to want nothing of the flow.
    private(set) var conflicted = false
    /// Some device of it is not at rest.
    private var awake = false

    private init(_ plan: ModulePlan) {
        name = plan.flow
        intent = plan.intent
    }

    /// All flows in plans and tables, by name. Two walks over the fleet, the second for flows that are awake.
    static func all(of devices: [DeviceStanding]) -> [Flow] {
        var flows: [Flow] = []
        var places: [FlowName: Int] = [:]
        func place(_ plan: ModulePlan) -> Int {
            if let at = places[plan.flow] { return at }
            places[plan.flow] = flows.count
            flows.append(Flow(plan))
            return flows.count - 1
        }
        for device in devices {
            for at in device.wanted.indices {
                let flow = place(device.wanted[at])
                flows[flow].note(device.wanted[at].epoch)
                if !device.atRest { flows[flow].awake = true }
            }
            if device.atRest { continue }
            for at in device.base.indices { flows[place(device.base[at].plan)].awake = true }
        }
        if flows.contains(where: { $0.awake || $0.mixed }) {
            for (index, device) in devices.enumerated() {
                for at in device.wanted.indices {
                    flows[place(device.wanted[at])].join(index, device) { $0.wanted.append(device.wanted[at]) }
                }
                for at in device.base.indices {
                    flows[place(device.base[at].plan)].join(index, device) { $0.entries.append(device.base[at]) }
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

    private mutating func join(_ index: Int, _ device: DeviceStanding, _ add: (inout FlowMember) -> Void) {
        guard awake || mixed else { return }
        if members.last?.device != index {
            var member = FlowMember(device: index)
            member.fresh = device.fresh
            members.append(member)
        }
        add(&members[members.count - 1])
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
}
