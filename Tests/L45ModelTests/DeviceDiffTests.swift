import L45Model
import Testing

@Suite("How a device's plan changes")
struct DeviceDiffTests {
    private let device = DeviceID("d")

    private func change(_ old: [ModulePlan]?, _ new: [ModulePlan]?) -> DeviceDiff? {
        DeviceDiff(
            deviceName: "web-1", from: old.map { DevicePlan(device: device, modules: $0) },
            to: new.map { DevicePlan(device: device, modules: $0) })
    }

    @Test("Nothing differs between a plan and itself, nor between no plan and an empty one")
    func same() {
        #expect(change([Sample.module()], [Sample.module()]) == nil)
        #expect(change(nil, []) == nil)
        #expect(change(nil, nil) == nil)
    }

    @Test("A rotation is a change of the epoch, though the module has another id")
    func rotation() throws {
        let diff = try #require(change([Sample.module(id: 1, epoch: 3)], [Sample.module(id: 2, epoch: 4)]))
        #expect(diff.modules.map(\.kind) == [.changed])
        #expect(diff.modules[0].fields.map { "\($0.name): \($0.from) -> \($0.to)" } == ["epoch: 3 -> 4"])
    }

    @Test("A level that moves is told of each module whose part it changes, the plan being the same")
    func level() throws {
        let module = Sample.module()
        let plan = DevicePlan(device: device, modules: [module])
        func change(_ before: Set<IntentName>, _ after: Set<IntentName>) -> DeviceDiff? {
            DeviceDiff(
                deviceName: "web-1", from: plan, to: plan, resting: DeviceDiff.Resting(before: before, after: after))
        }
        let rests = try #require(change([], [module.intent]))
        #expect(rests.modules[0].fields.map { "\($0.name): \($0.from) -> \($0.to)" } == ["part: in force -> standby"])
        let begins = try #require(change([module.intent], []))
        #expect(begins.modules[0].fields.map { "\($0.name): \($0.from) -> \($0.to)" } == ["part: standby -> in force"])
        #expect(change([module.intent], [module.intent]) == nil)
        #expect(change([], [IntentName("another")]) == nil)
    }

    @Test("Each changed field is named with both values")
    func fields() throws {
        let new = Sample.module(dialect: .datagram(DatagramTag(place: .end)), priority: 200)
        let diff = try #require(change([Sample.module()], [new]))
        #expect(
            diff.modules[0].fields.map { "\($0.name): \($0.from) -> \($0.to)" } == [
                "dialect: datagram tag, 32 bytes at the front, label 'dig' -> datagram tag, 32 bytes at the end",
                "priority: 100 -> 200",
            ])
    }

    @Test("Flows come and go, sorted by their names")
    func comeAndGo() throws {
        let diff = try #require(
            change(
                [Sample.module(id: 1, flow: "dns/1")],
                [Sample.module(id: 2, flow: "dns/0"), Sample.module(id: 3, flow: "web/0", role: .server)]))
        #expect(
            diff.modules.map { "\($0.kind.rawValue) \($0.flow) \($0.role.rawValue)" } == [
                "added dns/0 client", "removed dns/1 client", "added web/0 server",
            ])
    }

    @Test("Two modules of one flow and role are told apart by their sockets")
    func twins() throws {
        var other = Sample.module(id: 2)
        other.tapSocket.transport = .tcp
        let diff = try #require(change([Sample.module(id: 1), other], [Sample.module(id: 1)]))
        #expect(diff.modules.map(\.kind) == [.removed])
        #expect(diff.modules[0].tapSocket == other.tapSocket.summary)
    }
}

@Suite("Summaries")
struct SummaryTests {
    @Test(
        "An end of a flow",
        arguments: [
            (nil, nil, "any"), (nil, 53, "any:53"), ("10.0.0.0/8", nil, "10.0.0.0/8"), ("10.0.0.5", 53, "10.0.0.5:53"),
            ("2001:db8::1", 53, "[2001:db8::1]:53"), ("2001:db8::/32", 53, "[2001:db8::]/32:53"),
        ] as [(String?, UInt16?, String)])
    func endpoint(block: String?, port: UInt16?, text: String) throws {
        let block = try block.map { try #require(AddressBlock($0)) }
        #expect(EndpointPattern(block: block, port: port).summary == text)
    }

    @Test("A tap_socket reads local end first, with all of its peers")
    func socket() {
        let socket = TapSocket(
            transport: .tcp, application: Application(process: "nginx", thread: "isc-*"),
            local: EndpointPattern(port: 80),
            remotes: [
                EndpointPattern(block: AddressBlock("10.0.0.1")), EndpointPattern(block: AddressBlock("10.0.0.2")),
            ])
        #expect(socket.summary == "tcp nginx/isc-* any:80 > 10.0.0.1, 10.0.0.2")
        #expect(TapSocket(transport: .udp).summary == "udp any > any")
    }

    @Test("A dialect")
    func dialect() {
        #expect(Dialect.monitor.summary == "monitor")
        #expect(
            Dialect.datagram(DatagramTag(place: .offset(12), tagBytes: 16)).summary
                == "datagram tag, 16 bytes after 12 bytes")
        #expect(
            Dialect.stream(StreamTag(frameBytes: 1000, label: "bulk")).summary
                == "stream tag, 32 bytes before every 1000, label 'bulk'")
    }
}
