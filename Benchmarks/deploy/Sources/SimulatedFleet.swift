import Agent
import ControlChannel
import Foundation
import KernelTap
import L45Model
import Logging
import NIOCore
import NIOPosix

/// Many agents in one process: the production machine, channel and artifact checks, each with a simulated tap and no disk.
struct SimulatedFleet {
    let port: Int
    let count: Int
    /// The benchmark's own authority signs their certificates here, so that enrolment is not part of what is measured.
    let authority: CertificateAuthority

    /// Connects all of them and runs until the process is told to end.
    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        await withThrowingTaskGroup { tasks in
            for number in 0..<count {
                let authority = authority
                let port = port
                tasks.addTask { try await Self.agent(number, authority, port, group) }
                // The listener's queue is not what is measured: they come at about a thousand a second.
                if number % 50 == 49 { try? await Task.sleep(for: .milliseconds(50)) }
            }
        }
    }

    private static func agent(
        _ number: Int, _ authority: CertificateAuthority, _ port: Int, _ group: MultiThreadedEventLoopGroup
    ) async throws {
        let key = DeviceKey()
        let grant = try authority.grant(try key.signingRequest(), now: .now())
        let identity = try DeviceIdentity(
            key: key, certificatePEM: grant.certificatePEM, authorityPEM: grant.authorityPEM)
        let role = number == 0 ? "resolver" : "workstation"
        let address = "10.\(number / 65536).\(number / 256 % 256).\(number % 256)"
        let facts = DeviceFacts(
            name: "device-\(number)", labels: ["role": role], addresses: [AddressBlock(address)].compactMap { $0 },
            taps: [.simulated], agentVersion: Build.version)
        var driver = AgentDriver(
            machine: AgentMachine(
                identity: AgentFacts(device: identity.device, facts: facts, bootID: "simulated", tap: .simulated)),
            tap: SimulatedTap(), storage: .none())
        let hello = AgentHello(facts: facts, bootID: "simulated", ledgerGeneration: .none)
        let client = ChannelClient(
            ChannelClientConfiguration(host: "127.0.0.1", port: port, identity: identity, group: group) { hello },
            logger: Logger(label: "agent") { _ in SwiftLogNoOpLogHandler() })
        _ = driver.handle(.started, now: .now())
        await withTaskGroup { tasks in
            tasks.addTask { await client.run() }
            for await event in client.events {
                let input: AgentInput? =
                    switch event {
                    case .connected: .connected
                    case .message(let message): driver.input(message)
                    case .disconnected: .disconnected
                    case .renewed: nil
                    }
                guard let input else { continue }
                for message in driver.handle(input, now: .now()) { client.send(message) }
            }
        }
    }
}
