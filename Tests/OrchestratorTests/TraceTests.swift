import L45Model
import Reconciler
import Testing

@testable import Orchestrator

@Suite("One flow, looked up at both of its ends")
struct TraceTests {
    private static let client = Device(
        id: DeviceID("c1"),
        facts: DeviceFacts(name: "client-1", addresses: [AddressBlock("10.0.0.5")].compactMap { $0 }))
    private static let resolver = Device(
        id: DeviceID("5e"),
        facts: DeviceFacts(name: "resolver-1", addresses: [AddressBlock("192.0.2.53")].compactMap { $0 }))

    private static func plan(_ id: UInt64, _ role: ModulePlan.Role, epoch: UInt32 = 4, priority: Int = 100)
        -> ModulePlan
    {
        let server = EndpointPattern(block: AddressBlock("192.0.2.53"), port: 53)
        let socket =
            role == .client
            ? TapSocket(transport: .udp, application: Application(process: "dig"), remotes: [server])
            : TapSocket(transport: .udp, local: EndpointPattern(block: nil, port: 53))
        return ModulePlan(
            id: ModuleID(id), intent: IntentName("dns"), flow: FlowName("dns/0"), epoch: Epoch(epoch), role: role,
            tapSocket: socket, dialect: .datagram(DatagramTag(place: .front, label: "")), dialectSecret: Secret([1]),
            initKey: Secret([2]), priority: priority)
    }

    /// - Parameter reported: states by module; what is not here, the tap does not have.
    private func views(
        client: [ModulePlan] = [Self.plan(1, .client)], server: [ModulePlan] = [Self.plan(2, .server)],
        reported: [ModuleID: ModuleState] = [ModuleID(1): .active, ModuleID(2): .standby], enforcing: Bool = false
    ) -> FleetViews {
        var fleet = FleetState(policy: RolloutPolicy())
        for (device, modules) in [(Self.client, client), (Self.resolver, server)] {
            let table = DeviceTable(
                device: device.id, generation: Generation(1),
                modules: modules.map { ModuleEntry(plan: $0, state: .active) })
            let report = DeviceReport(
                device: device.id, takenAt: Timestamp(1000), bootID: "b", tap: .simulated, generation: Generation(1),
                tableDigest: nil,
                modules: modules.compactMap { plan in
                    reported[plan.id].map { ModuleReport(id: plan.id, state: $0, enforcing: enforcing) }
                })
            fleet.load(
                device, plan: DevicePlan(device: device.id, modules: modules), table: table, report: report,
                now: Timestamp(1000))
        }
        return FleetViews(fleet: fleet, book: IntentBook(), now: Timestamp(2000))
    }

    private func trace(
        _ views: FleetViews, to address: String = "192.0.2.53", port: UInt16 = 53, _ transport: Transport = .udp,
        program: String? = nil
    ) throws -> TraceView {
        let address = try #require(AddressBlock(address))
        return try views.trace(
            TraceRequest(device: "client-1", transport: transport, address: address, port: port, program: program))
    }

    @Test("Customized: the opener's tap sends, the other end's decodes the same edition")
    func customized() throws {
        let view = try trace(views(), program: "dig")
        #expect(view.verdict == .customized)
        #expect(view.reason == "client-1 sends it in edition 4 of intent dns, and resolver-1 decodes it")
        #expect(view.from.modules.map(\.id) == [ModuleID(1)] && view.to?.modules.map(\.id) == [ModuleID(2)])
    }

    @Test("In a rotation, the module that sends counts, and a decoder of the old edition decodes no new one")
    func rotation() throws {
        let both = [Self.plan(1, .client, epoch: 3), Self.plan(3, .client, epoch: 4, priority: 200)]
        let onNew = views(
            client: both, reported: [ModuleID(1): .deprecated, ModuleID(3): .active, ModuleID(2): .standby])
        #expect(try trace(onNew).epoch == Epoch(4))
        let onOld = views(client: both, reported: [ModuleID(1): .active, ModuleID(3): .standby, ModuleID(2): .standby])
        let view = try trace(onOld)
        #expect(view.verdict == .undecoded && view.epoch == Epoch(3))
        #expect(view.reason.hasSuffix("and no module on resolver-1 is known to decode that"))
    }

    @Test("Nobody sends it yet: the module stands by, or is not in the tap")
    func standby() throws {
        #expect(
            try trace(views(reported: [ModuleID(1): .standby])).reason
                == "intent dns has it, and its module on client-1 is standby")
        #expect(
            try trace(views(reported: [:])).reason
                == "intent dns has it, and its module on client-1 is not in the tap yet")
    }

    @Test("Why none: another port, another transport, another program, another address")
    func plain() throws {
        func why(_ view: TraceView) -> String? {
            #expect(view.verdict == .plain && view.intent == nil)
            return view.from.near.first
        }
        #expect(
            try why(trace(views(), port: 5353))
                == "intent dns (client): its peers are 192.0.2.53:53, not 192.0.2.53 port 5353")
        #expect(try why(trace(views(), .tcp)) == "intent dns (client): is for udp, the flow is tcp")
        #expect(
            try why(trace(views(), program: "drill")) == "intent dns (client): is for the program 'dig', not 'drill'")
        let nobody = try trace(views(client: []), to: "192.0.2.53")
        #expect(nobody.reason == "no module on client-1 takes it: no intent has a module there")
        let dropped = try trace(views(client: [], enforcing: true))
        #expect(dropped.reason.hasPrefix("client-1 sends it plain, and resolver-1 drops what comes plain (intent dns)"))
    }

    @Test("A device that is not there is refused by name")
    func unknown() throws {
        let address = try #require(AddressBlock("192.0.2.53"))
        #expect(throws: APIFailure.self) {
            try views().trace(TraceRequest(device: "nobody", transport: .udp, address: address, port: 53))
        }
    }
}
