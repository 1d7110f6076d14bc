import Agent
import ControlChannel
import KernelTap
import L45Model
import Orchestrator
import Reconciler

/// A fleet, its orchestrator and its wires in virtual time, in one thread, from one seed: the production reconciler,
/// planning, agent machine and engine, with clocks, lines, disks and deaths in the seed's hand.
///
/// Invariants are looked at whenever a tap changes and whenever a datagram arrives; `report.violations` is the verdict.
package final class Simulation {
    enum Event {
        case wake(DeviceID, token: Int)
        case startAgent(DeviceID, token: Int)
        case connect(DeviceID, token: Int)
        case hello(DeviceID, connection: Int, AgentHello)
        case up(DeviceID, connection: Int, AgentMessage)
        case down(DeviceID, connection: Int, OrchestratorMessage)
        /// The orchestrator notices that a line is gone.
        case noticed(DeviceID, connection: Int)
        case startOrchestrator
        case pass
        case tick
        case talk(client: DeviceID, server: DeviceID)
        case converse(Int)
        case arrive(Packet)
        case openStream(client: DeviceID, server: DeviceID)
        case acceptStream(Int)
        case writeStream(Int)
        case arriveStream(Int, toServer: Bool)
        case endStream(Int)
        case fault
        case cut(DeviceID, until: Int64)
        case mend(DeviceID)
        case act
    }

    package let setup: SimulationSetup
    package internal(set) var report: SimulationReport
    /// Called with each line of the story; nil: nobody listens.
    var tell: ((String) -> Void)?

    var random: SeededRandom
    var queue = EventQueue<Event>()
    /// Milliseconds since the story began.
    private(set) var elapsed: Int64 = 0
    var devices: [DeviceID: SimulatedDevice] = [:]
    let clients: [DeviceID]
    let servers: [DeviceID]
    var store = SimulatedStore()
    var backups: [SimulatedStore] = []
    var orchestrator: SimulatedOrchestrator?
    /// Another orchestrator with a store of its own, that nobody reaches at present.
    var twin: (store: SimulatedStore, orchestrator: SimulatedOrchestrator)?
    let rootSecret: Secret
    let datagramPorts: [UInt16]
    let streamPorts: [UInt16]
    /// Open connections of programs.
    var conversations: [Int: Conversation] = [:]
    var streams = 0
    var connections = 0
    /// The table last sent to a device: over which connection, and when.
    var lastSent: [DeviceID: (connection: Int, generation: Generation, at: Int64)] = [:]
    /// The operator has said something: from now on effects are counted.
    var hasBegun = false
    /// The last arrival on each line, by direction: a line keeps its order.
    var lastUp: [Int: Int64] = [:]
    var lastDown: [Int: Int64] = [:]
    var isPassDue = false
    var chaosReigns = true
    /// The CIB was put back to an older copy: messages may be lost until the fleet has settled again.
    var isLenient = false
    var operatorIsDone = false
    var settledEpoch: [FlowName: Epoch] = [:]
    var trial = FleetTrial.Course()

    static let base = Timestamp(1_750_000_000_000)
    var now: Timestamp { Self.base + .milliseconds(elapsed) }

    /// - Parameter tell: called with each line of the story, as it happens.
    package init(_ setup: SimulationSetup, tell: ((String) -> Void)? = nil) throws {
        self.setup = setup
        self.tell = tell
        report = SimulationReport(seed: setup.seed)
        datagramPorts = setup.datagramPorts
        streamPorts = setup.streamPorts
        var random = SeededRandom(seed: setup.seed)
        rootSecret = Secret((0..<32).map { _ in UInt8.random(in: 0...255, using: &random) })
        var devices: [DeviceID: SimulatedDevice] = [:]
        var clients: [DeviceID] = []
        var servers: [DeviceID] = []
        for var device in setup.trial?.simulatedDevices ?? [] {
            if setup.chaos != .none { device.clockOff = Int64.random(in: -3_600_000...3_600_000, using: &random) }
            devices[device.id] = device
            clients.append(device.id)
        }
        for number in 1...max(2, setup.clients + setup.servers) where setup.trial == nil {
            let isClient = number <= max(1, setup.clients)
            guard let address = AddressBlock("10.0.\(number / 250).\(number % 250 + 1)") else { continue }
            var device = SimulatedDevice(
                number: number, labels: ["role": isClient ? "client" : "server"], address: address)
            if setup.chaos != .none { device.clockOff = Int64.random(in: -3_600_000...3_600_000, using: &random) }
            devices[device.id] = device
            if isClient { clients.append(device.id) } else { servers.append(device.id) }
        }
        self.devices = devices
        self.clients = clients
        self.servers = servers
        self.random = random
        orchestrator = try SimulatedOrchestrator(
            store, rootSecret: rootSecret, policy: setup.policy, now: now)
        begin()
    }

    private func begin() {
        for id in clients + servers { queue.put(.startAgent(id, token: 0), at: delay(500)) }
        if setup.trial != nil { beginTrial() }
        for client in clients {
            for server in servers {
                queue.put(.talk(client: client, server: server), at: delay(1_000))
                if !streamPorts.isEmpty { queue.put(.openStream(client: client, server: server), at: delay(4_000)) }
            }
        }
        queue.put(.tick, at: 250)
        queue.put(.act, at: 2_000)
        if setup.chaos.faultsPerHour > 0 { queue.put(.fault, at: 5_000 + untilFault()) }
    }

    /// Runs the whole story. - Returns: the verdict.
    package func run() throws -> SimulationReport {
        while !operatorIsDone {
            try step()
            guard report.violations.isEmpty else { return finished() }
        }
        try settle()
        return finished()
    }

    private func finished() -> SimulationReport {
        report.virtualTime = .milliseconds(elapsed)
        return report
    }

    func step() throws {
        guard let next = queue.next() else { return report.violate("nothing is to happen any more") }
        elapsed = max(elapsed, next.at)
        report.steps += 1
        switch next.event {
        case .wake(let id, let token):
            if devices[id]?.wakeToken == token { inform(id, .tick) }
        case .startAgent(let id, let token):
            if devices[id]?.wakeToken == token, devices[id]?.agent == nil { startAgent(id) }
        case .connect(let id, let token): connect(id, token)
        case .hello(let id, let connection, let hello):
            guard devices[id]?.connection == connection, orchestrator != nil else { break }
            orchestrator?.connected(id, session: connection, hello: hello, now: now)
            passSoon()
        case .up(let id, let connection, let message):
            guard orchestrator?.sessions[id] == connection else { break }
            orchestrator?.received(message, from: id, session: connection)
            passSoon()
        case .down(let id, let connection, let message): arrive(message, at: id, connection)
        case .noticed(let id, let connection):
            orchestrator?.disconnected(id, session: connection, now: now)
            passSoon()
        case .startOrchestrator: try startOrchestrator()
        case .pass:
            isPassDue = false
            try pass()
        case .tick:
            passSoon()
            queue.put(.tick, at: elapsed + (isUnsettled ? max(250, setup.passEvery) : 2_000))
        case .talk(let client, let server): talk(client, server)
        case .converse(let at): converse(at)
        case .arrive(let packet): arrive(packet)
        case .openStream(let client, let server): openStream(client, server)
        case .acceptStream(let id): acceptStream(id)
        case .writeStream(let id): write(id, fromServer: false)
        case .arriveStream(let id, let toServer): arriveStream(id, toServer: toServer)
        case .endStream(let id): endStream(id)
        case .fault: fault()
        case .cut(let id, let end): cutAgain(id, until: end)
        case .mend(let id): mend(id)
        case .act: try act()
        }
    }

    // MARK: Time

    func delay(_ most: Int64) -> Int64 { elapsed + Int64.random(in: 1...max(1, most), using: &random) }

    func untilFault() -> Int64 {
        let mean = 3_600_000 / Int64(max(1, setup.chaos.faultsPerHour))
        return Int64.random(in: 1...(2 * mean), using: &random)
    }

    func strikes(_ odds: Int) -> Bool { chaosReigns && random.once(in: odds) }

    /// An effect is to be carried out now.
    /// - Returns: the process dies before it.
    func isDeathDue() -> Bool {
        guard hasBegun, !operatorIsDone else { return false }
        report.effects += 1
        if report.effects == setup.outage?.effect { beginOutage() }
        return report.effects == setup.death?.effect
    }

    func say(_ text: @autoclosure () -> String) {
        guard let tell else { return }
        let seconds = elapsed / 1000
        let rest = String(elapsed % 1000)
        tell("\(seconds).\(String(repeating: "0", count: 3 - rest.count))\(rest) \(text())")
    }
}
