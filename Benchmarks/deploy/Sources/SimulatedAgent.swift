import Agent
import ControlChannel
import KernelTap
import L45Model
import Logging
import NIOPosix
import Synchronization

/// One agent of the fleet: what `AgentService` wires, without a disk and a thread of its own.
actor SimulatedAgent {
    static let silent = Logger(label: "agent") { _ in SwiftLogNoOpLogHandler() }

    private var driver: AgentDriver<SimulatedTap>
    private let client: ChannelClient
    /// For the channel, which asks at each connection: an orchestrator that comes back is told the generation held.
    private let hello: Shared

    private final class Shared: Sendable {
        let value: Mutex<AgentHello>
        init(_ hello: AgentHello) { value = Mutex(hello) }
    }

    init(facts: DeviceFacts, identity: DeviceIdentity, port: Int, group: MultiThreadedEventLoopGroup) {
        let machine = AgentMachine(
            identity: AgentFacts(device: identity.device, facts: facts, bootID: "simulated", tap: .simulated))
        let hello = Shared(machine.hello)
        self.hello = hello
        driver = AgentDriver(machine: machine, tap: SimulatedTap(), storage: .none())
        client = ChannelClient(
            ChannelClientConfiguration(host: "127.0.0.1", port: port, identity: identity, group: group) {
                hello.value.withLock { $0 }
            }, logger: Self.silent)
    }

    /// Until the task is cancelled.
    func run() async {
        take(.started)
        let client = client
        await withTaskGroup { tasks in
            tasks.addTask { await client.run() }
            for await event in client.events {
                switch event {
                case .connected: take(.connected)
                case .message(let message): take(driver.input(message))
                case .disconnected: take(.disconnected)
                case .renewed, .trusting, .dismissed: break
                }
            }
        }
    }

    /// The machine's own time: reports that are due.
    func tick() {
        if driver.machine.wakeAt <= .now() { take(.tick) }
    }

    private func take(_ input: AgentInput) {
        let messages = driver.handle(input, now: .now())
        // Before anything is sent: what is said is held.
        hello.value.withLock { $0 = driver.machine.hello }
        for message in messages { client.send(message) }
    }
}
