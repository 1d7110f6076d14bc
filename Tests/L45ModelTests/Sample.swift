import L45Model

enum Sample {
    static func module(
        id: UInt64 = 1, flow: String = "dns/0", epoch: UInt32 = 3, role: ModulePlan.Role = .client,
        dialect: Dialect = .datagram(DatagramTag(place: .front, label: "dig")), priority: Int = 100
    ) -> ModulePlan {
        ModulePlan(
            id: ModuleID(id), intent: IntentName("dns"), flow: FlowName(flow), epoch: Epoch(epoch), role: role,
            tapSocket: TapSocket(
                transport: .udp, application: Application(process: "dig"),
                remotes: [EndpointPattern(block: AddressBlock("192.0.2.53"), port: 53)]),
            dialect: dialect, dialectSecret: Secret(Array(repeating: 0xab, count: 32)),
            initKey: Secret(Array(repeating: 0xcd, count: 32)), priority: priority)
    }
}
