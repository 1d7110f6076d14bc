import L45Model
import Reconciler
import Testing

/// What an operator sees when all goes well.
@Suite("The way of a flow")
struct RotationStories {
    static func lab(clients: Int = 2, servers: Int = 1, seed: UInt64 = 1) -> (SimFleet, SimFlow) {
        let fleet = SimFleet(devices: clients + servers, seed: seed)
        let flow = SimFlow(
            "dns/0", clients: (1...clients).map(SimDevice.id),
            servers: (clients + 1...clients + servers).map(SimDevice.id))
        return (fleet, flow)
    }

    func phases(_ fleet: SimFleet, epoch: String) -> [String] {
        var phases: [String] = []
        for line in fleet.trail {
            let words = line.split(separator: " ").map(String.init)
            if words[3] == epoch, phases.last != words[2] { phases.append(words[2]) }
        }
        return phases
    }

    @Test("A first install goes plain to tagged, clients before servers, and loses nothing")
    func install() {
        let (fleet, flow) = Self.lab()
        fleet.run(5)
        #expect(fleet.lastActions.isEmpty)
        fleet.want([flow])
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(phases(fleet, epoch: "1") == ["deploy", "flip-clients", "flip-servers", "settled"])
        #expect(fleet.taggedDelivered > 0)
    }

    @Test("A rotation walks all phases, in order, and loses nothing")
    func rotation() {
        let (fleet, flow) = Self.lab()
        fleet.want([flow])
        #expect(fleet.settles())
        fleet.want([flow.edition(2)])
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(
            phases(fleet, epoch: "2") == [
                "deploy", "flip-clients", "flip-servers", "deprecate", "drain", "revoke", "settled",
            ])
    }

    @Test("A withdrawal ends plain and is forgotten")
    func withdrawal() {
        let (fleet, flow) = Self.lab()
        fleet.want([flow])
        #expect(fleet.settles())
        fleet.want([])
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(fleet.store.statuses.isEmpty)
        #expect(fleet.ids.allSatisfy { fleet.devices[$0]?.entries.isEmpty ?? false })
        #expect(phases(fleet, epoch: "-") == ["flip-clients", "flip-servers", "deprecate", "drain", "revoke"])
    }

    @Test("Plain messages are dropped only once every sender speaks the dialect and none is left on the way")
    func enforcement() {
        var (fleet, flow) = Self.lab()
        flow.enforces = true
        fleet.want([flow])
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(fleet.devices.values.allSatisfy { $0.entries.allSatisfy(\.enforcing) })
        fleet.want([flow.edition(2)])
        // Once on, it stays on throughout a rotation: no window for plain messages.
        for _ in 0..<60 {
            fleet.step()
            #expect(fleet.devices.values.allSatisfy { $0.entries.contains(where: \.enforcing) })
        }
        #expect(fleet.settles(), "\(fleet.violations)")
        fleet.want([])
        #expect(fleet.settles(), "\(fleet.violations)")
    }

    @Test("A module under test is attached and stays idle")
    func underTest() {
        var (fleet, flow) = Self.lab()
        flow.underTest = true
        fleet.want([flow])
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(fleet.taggedDelivered == 0)
        #expect(fleet.devices.values.allSatisfy { $0.entries.map(\.state) == [.deactivated] })
        flow.underTest = false
        fleet.want([flow.edition(2)])
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(fleet.taggedDelivered > 0)
    }

    @Test(
        "A device that joins understands before it is spoken to, and speaks last", arguments: [true, false],
        [true, false])
    func joining(namesPeers: Bool, enforces: Bool) {
        let fleet = SimFleet(devices: 4)
        var flow = SimFlow("dns/0", clients: [SimDevice.id(1), SimDevice.id(2)], servers: [SimDevice.id(3)])
        flow.namesPeers = namesPeers
        flow.enforces = enforces
        fleet.want([flow])
        #expect(fleet.settles(), "\(fleet.violations)")
        flow.clients.append(SimDevice.id(4))
        fleet.want([flow])
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(fleet.devices[SimDevice.id(4)]?.entries.map(\.state) == [.active])
    }

    @Test("A device that leaves stops sending first and loses nothing", arguments: [true, false], [true, false])
    func leaving(namesPeers: Bool, enforces: Bool) {
        let fleet = SimFleet(devices: 4)
        var flow = SimFlow(
            "dns/0", clients: [SimDevice.id(1), SimDevice.id(2)], servers: [SimDevice.id(3), SimDevice.id(4)])
        flow.namesPeers = namesPeers
        flow.enforces = enforces
        fleet.want([flow])
        #expect(fleet.settles(), "\(fleet.violations)")
        flow.clients = [SimDevice.id(1)]
        fleet.want([flow])
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(fleet.devices[SimDevice.id(2)]?.entries.isEmpty ?? false)
        flow.servers = [SimDevice.id(3)]
        flow.clients = [SimDevice.id(1), SimDevice.id(2)]
        fleet.want([flow])
        #expect(fleet.settles(), "\(fleet.violations)")
    }

    @Test("Nobody turns to plain while a slow or silent device may still drop it")
    func plainWaitsForRelaxed() {
        for seed in UInt64(1)...10 {
            var (fleet, flow) = Self.lab(seed: seed)
            flow.enforces = true
            fleet.want([flow])
            #expect(fleet.settles(), "\(fleet.violations)")
            let silent = SimDevice.id(3)
            fleet.cut(silent, for: 20)
            fleet.controlDelayMax = 4
            fleet.want([])
            for _ in 0..<19 {
                fleet.step()
                #expect(fleet.devices[silent]?.entries.allSatisfy(\.enforcing) ?? false)
                #expect(fleet.devices[SimDevice.id(1)]?.entries.map(\.state) == [.active])
            }
            #expect(fleet.settles(within: 250), "seed \(seed): \(fleet.violations)")
        }
    }

    @Test("A device that leaves while another is on its way out gets the whole bound for what it sent")
    func secondLeaver() {
        for later in 0..<30 {
            let fleet = SimFleet(devices: 4, seed: UInt64(later + 1))
            fleet.flightMax = 8
            var flow = SimFlow("dns/0", clients: (1...3).map(SimDevice.id), servers: [SimDevice.id(4)])
            fleet.want([flow])
            #expect(fleet.settles(), "\(fleet.violations)")
            flow.clients.removeLast()
            fleet.want([flow])
            fleet.run(later)
            flow.clients.removeLast()
            fleet.want([flow])
            #expect(fleet.settles(within: 250), "\(later) later: \(fleet.violations)")
        }
    }

    @Test("Another dialect under the same module id is taken for a withdrawal and an install")
    func sameIDOtherDialect() {
        var (fleet, flow) = Self.lab()
        fleet.want([flow])
        #expect(fleet.settles())
        flow.dialectSalt = 9
        fleet.want([flow])
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(fleet.events.contains { $0.message.contains("another dialect") })
        #expect(fleet.events.filter { $0.message.contains("another dialect") }.count == 1)
    }
}
