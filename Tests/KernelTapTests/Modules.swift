import L45Model

/// Modules for the tests, by default one that tags dig's DNS queries.
enum Modules {
    static let device = DeviceID("00112233445566778899aabbccddeeff")
    static let datagram = Dialect.datagram(DatagramTag(place: .front, tagBytes: 32, label: "dns-app"))
    static let stream = Dialect.stream(StreamTag(frameBytes: 1000))

    static func entry(
        _ id: UInt64, state: ModuleState = .active, enforcing: Bool = false, transport: Transport = .udp,
        dialect: Dialect = datagram, remotes: [String] = ["10.0.0.53"], priority: Int = 100,
        change: (inout ModulePlan) -> Void = { _ in }
    ) -> ModuleEntry {
        var plan = ModulePlan(
            id: ModuleID(id), intent: IntentName("dns"), flow: FlowName("dns/0"), epoch: .first, role: .client,
            tapSocket: TapSocket(
                transport: transport, application: Application(process: "dig"),
                remotes: remotes.map { EndpointPattern(block: AddressBlock($0), port: 53) }),
            dialect: dialect, dialectSecret: Secret([UInt8](repeating: 7, count: 32)),
            initKey: Secret([UInt8](repeating: 9, count: 32)), priority: priority)
        change(&plan)
        return ModuleEntry(plan: plan, state: state, enforcing: enforcing)
    }

    static func table(_ generation: UInt64, _ entries: ModuleEntry...) -> DeviceTable {
        DeviceTable(device: device, generation: Generation(generation), modules: entries)
    }
}
