import ControlChannel
import Foundation
import L45Model
import NIOPosix

/// Many agents in one process: the production machine, channel and artifact checks, each with a simulated tap and no disk.
struct SimulatedFleet {
    /// How they come by their certificates.
    enum Admission: Sendable {
        /// The benchmark's own authority signs them here, so that enrolment is not part of what is measured.
        case authority(CertificateAuthority)
        /// By one-time tokens that the orchestrator at this socket makes.
        case tokens(OperatorClient)
    }

    let port: Int
    let count: Int
    let admission: Admission
    /// The first one's role; all others are workstations.
    var firstRole = "resolver"
    /// Of their addresses, `10.x.y.z`: the first one's number.
    var firstNumber = 0

    /// Connects all of them and runs until the process is told to end.
    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        try await withThrowingTaskGroup { tasks in
            var agents: [SimulatedAgent] = []
            for number in 0..<count {
                let agent = try await agent(number, group)
                agents.append(agent)
                tasks.addTask { await agent.run() }
                // The listener's queue is not what is measured: they come at about a thousand a second.
                if number % 50 == 49 { try await Task.sleep(for: .milliseconds(50)) }
            }
            // One timer for all of them: whose time has come is a question to each machine.
            tasks.addTask { [agents] in
                while !Task.isCancelled {
                    try await Task.sleep(for: .seconds(1))
                    for agent in agents { await agent.tick() }
                }
            }
            for try await _ in tasks {}
        }
    }

    private func agent(_ number: Int, _ group: MultiThreadedEventLoopGroup) async throws -> SimulatedAgent {
        let role = number == 0 ? firstRole : "workstation"
        let at = firstNumber + number
        let address = "10.\(at / 65536).\(at / 256 % 256).\(at % 256)"
        let facts = DeviceFacts(
            name: "device-\(at)", labels: ["role": role], addresses: [AddressBlock(address)].compactMap { $0 },
            taps: [.simulated], agentVersion: Build.version)
        return SimulatedAgent(
            facts: facts, identity: try await identity(facts), port: port, group: group)
    }

    private func identity(_ facts: DeviceFacts) async throws -> DeviceIdentity {
        let key = DeviceKey()
        switch admission {
        case .authority(let authority):
            let grant = try authority.grant(try key.signingRequest(), now: .now())
            return try DeviceIdentity(
                key: key, certificatePEM: grant.certificatePEM, authorityPEM: grant.authorityPEM)
        case .tokens(let client):
            let answer = try await client.call(.createToken(TokenRequest(ttl: .seconds(600), labels: facts.labels)))
            guard case .token(let view) = answer else { throw BenchError("no token: \(answer)") }
            return try await Enroller.enrol(
                host: "127.0.0.1", port: port, token: try EnrolmentToken(view.token), key: key, hostName: facts.name,
                logger: SimulatedAgent.silent)
        }
    }
}
