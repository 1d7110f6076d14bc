import L45Model

/// A flow as a compiler would plan it, for a set of simulated devices.
struct SimFlow: Hashable {
    var name: FlowName
    var clients: [DeviceID]
    var servers: [DeviceID]
    var epoch = Epoch.first
    /// Sockets name the peers, so that a device that comes or goes changes the content of its peers' modules.
    var namesPeers = true
    var enforces = false
    var underTest = false
    /// Stands for another dialect under the same module ids, which no compiler should ask for.
    var dialectSalt: UInt8 = 0

    var intent: IntentName { IntentName(String(name.rawValue.prefix { $0 != "/" })) }
    var members: Set<DeviceID> { Set(clients).union(servers) }

    init(_ name: String, clients: [DeviceID], servers: [DeviceID]) {
        self.name = FlowName(name)
        self.clients = clients
        self.servers = servers
    }

    func edition(_ number: UInt32) -> SimFlow {
        var other = self
        other.epoch = Epoch(number)
        return other
    }

    func modules(of device: DeviceID) -> [ModulePlan] {
        var modules: [ModulePlan] = []
        if clients.contains(device) { modules.append(module(device, .client, peers: servers)) }
        if servers.contains(device) { modules.append(module(device, .server, peers: clients)) }
        return modules
    }

    private func module(_ device: DeviceID, _ role: ModulePlan.Role, peers: [DeviceID]) -> ModulePlan {
        let id = Digest(of: Array("\(name) \(epoch) \(role.rawValue) \(device)".utf8)).hex.prefix(16)
        let remotes = peers.compactMap { SimDevice.address($0) }.map { EndpointPattern(block: $0) }
        return ModulePlan(
            id: ModuleID(String(id)) ?? ModuleID(0), intent: intent, flow: name, epoch: epoch, role: role,
            tapSocket: TapSocket(transport: .udp, remotes: namesPeers ? remotes : []),
            dialect: .datagram(DatagramTag(place: .front)),
            dialectSecret: Secret(
                [UInt8(truncatingIfNeeded: epoch.rawValue), dialectSalt] + Array(name.rawValue.utf8)),
            initKey: Secret(Array(id.utf8)), dropUnlessTagged: enforces, underTest: underTest)
    }

    /// Plans for every device that some flow has.
    static func plans(_ flows: [SimFlow]) -> [DeviceID: DevicePlan] {
        var plans: [DeviceID: DevicePlan] = [:]
        for device in flows.reduce(into: Set<DeviceID>(), { $0.formUnion($1.members) }) {
            plans[device] = DevicePlan(device: device, modules: flows.flatMap { $0.modules(of: device) })
        }
        return plans
    }
}
