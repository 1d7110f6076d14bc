import L45Model
import Simulation
import Testing

@Suite("A change tried on a fleet's double")
struct FleetTrialTests {
    private static func device(_ number: Int, _ role: String) -> Device {
        Device(
            id: DeviceID("id\(number)"),
            facts: DeviceFacts(
                name: "host\(number)", labels: ["role": role],
                addresses: ["10.9.0.\(number)", "2001:db8::\(number)"].compactMap { AddressBlock($0) }))
    }

    private static let devices =
        (1...4).map { device($0, "workstation") } + [device(5, "resolver"), device(6, "web"), device(7, "resolver")]

    private static func record(_ name: String, _ items: String, servers: String = "resolver") -> IntentRecord {
        IntentRecord(
            name: IntentName(name),
            source: "name: \(name)\nclients: {role: workstation}\nservers: {role: \(servers)}\nintent: \(items)\n",
            origin: "\(name).yaml")
    }

    private static let dns = record("dns", "tag dig DNS")
    private static let web = record("web", "tag curl HTTP every 200 bytes", servers: "web")

    private func inventory(before: [IntentRecord], after: [IntentRecord], touched: [IntentName]) -> PlanInventory {
        PlanInventory(
            devices: Self.devices, devicesAll: 7, devicesConcerned: 6, before: before, after: after, touched: touched,
            drainBound: .seconds(5))
    }

    private func run(_ inventory: PlanInventory, seeds: Int = 2) throws -> TrialReport {
        try FleetTrial.run(FleetTrial.Plan(inventory), seeds: seeds, within: .seconds(600))
    }

    @Test("A changed dialect goes round under faults: nothing is violated, and two editions are spoken for a while")
    func change() throws {
        var changed = Self.record("dns", "tag dig DNS at end")
        changed.revision = Generation(2)
        let report = try run(
            inventory(before: [Self.dns, Self.web], after: [changed, Self.web], touched: [IntentName("dns")]))
        #expect(report.isWell, "\(report)")
        #expect(report.seedsTold == 2 && report.rotations == 1 && report.rotationsDone == 2)
        let worst = try #require(report.worstWindow)
        #expect(worst.flow == FlowName("dns/0"))
        #expect(worst.seconds > 0 && worst.seconds <= report.longestSeconds)
        #expect(report.messagesMixed > 0 && report.messagesInDialect > report.messagesMixed)
        #expect(report.streamBytes > 0)
        // The old edition is drained before it goes.
        #expect(report.longestSeconds > 5)
    }

    @Test("The same seeds tell the same story")
    func deterministic() throws {
        let inventory = inventory(before: [], after: [Self.dns], touched: [IntentName("dns")])
        let first = try run(inventory, seeds: 1)
        let second = try run(inventory, seeds: 1)
        #expect(first == second)
    }

    @Test("Intents that begin, end, enforce and are composed are all carried to their end")
    func kinds() throws {
        let strict = Self.record("strict", "[tag dig DNS requests, drop untagged]")
        let delay = Self.record("late", "[monitor dig DNS requests, delay 20ms]\nafter: strict")
        let report = try run(
            inventory(
                before: [Self.dns], after: [delay, strict, Self.web],
                touched: [IntentName("dns"), IntentName("late"), IntentName("strict"), IntentName("web")]))
        #expect(report.isWell, "\(report)")
        #expect(report.rotations == 3)
    }

    @Test("Where nobody would speak, it is said that nothing can be tried")
    func nobody() {
        let monitor = Self.record("m", "monitor dig DNS")
        #expect(throws: FleetTrial.Fault.self) {
            try run(inventory(before: [], after: [monitor], touched: [IntentName("m")]))
        }
    }
}
