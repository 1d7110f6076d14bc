import Agent
import ControlChannel
import KernelTap
import L45Model

/// One device: what outlives a boot (the disk), what outlives the agent (the tap), and the agent.
struct SimulatedDevice {
    let id: DeviceID
    let name: String
    let labels: [String: String]
    /// What its peers call it by, and all that it has.
    let address: AddressBlock
    let addresses: [AddressBlock]
    let peer: PeerAddress
    var disk = MemoryDisk()
    let tap = DialectTap()
    /// Milliseconds by which its clock is off.
    var clockOff: Int64 = 0
    /// nil: the process does not run.
    var agent: AgentDriver<DialectTap>?
    var boot = 1
    /// Booted, and its ledger is not published yet: services wait for the agent (the order of the units).
    var isDark = false
    /// The tap lost modules without having been told to, and has not got them back.
    var isBereft = false
    /// The present connection; nil: none.
    var connection: Int?
    /// Raised whenever what was planned for the agent is void: a new wake, a death.
    var wakeToken = 0
    /// When it is woken next, in milliseconds of the story; nil: not planned.
    var wakePlanned: Int64?

    init(number: Int, labels: [String: String], address: AddressBlock) {
        id = DeviceID("d\(number)")
        name = "host\(number)"
        self.labels = labels
        self.address = address
        addresses = [address]
        peer = PeerAddress(address)
    }

    /// The double of a real device.
    init(_ device: Device, address: AddressBlock) {
        id = device.id
        name = device.facts.name
        labels = device.facts.labels
        self.address = address
        addresses = device.facts.addresses
        peer = PeerAddress(address)
    }

    func clock(_ now: Timestamp) -> Timestamp { now + .milliseconds(clockOff) }

    var facts: DeviceFacts {
        DeviceFacts(name: name, labels: labels, addresses: addresses, taps: [.preload], agentVersion: "simulated")
    }

    /// The agent's process begins: what it knows is what lies on the disk.
    mutating func startAgent(at now: Timestamp) {
        let identity = AgentFacts(device: id, facts: facts, bootID: "boot-\(id)-\(boot)", tap: .simulated)
        agent = AgentDriver(
            machine: AgentMachine(identity: identity, ledger: disk.ledger), tap: tap, storage: .memory(disk))
        let time = clock(now)
        agent?.decide(.started, now: time)
    }

    /// The agent's process ends, between any two effects.
    mutating func killAgent() {
        agent = nil
        connection = nil
        wakeToken += 1
        wakePlanned = nil
        tap.agentDied()
    }

    mutating func reboot() {
        killAgent()
        boot += 1
        tap.wipe()
        isDark = true
    }
}
