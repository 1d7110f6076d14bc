import L45Model

/// A flow across the fleet, as found by one pass: the members in the order of their devices.
struct Flow {
    let name: FlowName
    let intent: IntentName
    var members: [FlowMember] = []
    /// A module of the plans has the id of one in the tables and speaks otherwise. Until that one is gone, the plans
    /// are taken to want nothing of the flow.
    var conflicted = false

    /// All flows in plans and tables, by name. One walk over the fleet.
    static func all(of devices: [DeviceStanding]) -> [Flow] {
        var flows: [Flow] = []
        var places: [FlowName: Int] = [:]
        func member(_ device: Int, _ plan: ModulePlan) -> (flow: Int, member: Int) {
            let at = places[plan.flow] ?? flows.count
            if at == flows.count {
                places[plan.flow] = at
                flows.append(Flow(name: plan.flow, intent: plan.intent))
            }
            if flows[at].members.last?.device != device {
                var member = FlowMember(device: device)
                member.fresh = devices[device].fresh
                flows[at].members.append(member)
            }
            return (at, flows[at].members.count - 1)
        }
        for (index, device) in devices.enumerated() {
            for plan in device.snapshot.plan?.modules ?? [] {
                let at = member(index, plan)
                flows[at.flow].members[at.member].wanted.append(plan)
            }
            for entry in device.base {
                let at = member(index, entry.plan)
                flows[at.flow].members[at.member].entries.append(entry)
            }
        }
        for at in flows.indices { flows[at].conclude(devices) }
        return flows.sorted { $0.name < $1.name }
    }

    /// The edition wanted; nil: none. Plans of one flow are adopted together and agree; should they not, `mixed` holds
    /// the flow.
    var epoch: Epoch? { members.lazy.flatMap(\.wanted).map(\.epoch).max() }
    var mixed: Bool { Set(members.lazy.flatMap(\.wanted).map(\.epoch)).count > 1 }

    private mutating func conclude(_ devices: [DeviceStanding]) {
        for at in members.indices {
            members[at].confirmed = devices[members[at].device].confirms(members[at].entries)
            conflicted =
                conflicted
                || members[at].wanted.contains { plan in
                    members[at].entry(plan).map { !$0.plan.speaksLike(plan) } ?? false
                }
        }
        if conflicted { for at in members.indices { members[at].wanted = [] } }
    }
}
