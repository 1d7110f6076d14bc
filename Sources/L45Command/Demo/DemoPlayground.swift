import Agent
import Foundation
import KernelTap
import L45Model
import Logging
import Orchestrator
import Reconciler

/// An orchestrator and agents with simulated taps, in this process.
struct DemoPlayground: Sendable {
    struct DemoDevice: Sendable {
        var name: String
        var role: String
        var address: String
    }

    let folder: DemoFolder
    let devices: [DemoDevice]
    let logger: Logger

    /// Editions drain as fast as somebody watches; reports come as often.
    static let drainBound = Span.seconds(2)
    static let reportEvery = Span.seconds(1)
    private static let patience = Duration.seconds(30)

    /// - Parameter devices: at least 3: one resolver, one web server, the rest workstations.
    init(folder: DemoFolder, devices: Int, logger: Logger) {
        self.folder = folder
        self.logger = logger
        self.devices = (1...devices).map { number in
            switch number {
            case 1: DemoDevice(name: "resolver-1", role: "resolver", address: "10.45.0.1")
            case 2: DemoDevice(name: "web-1", role: "web", address: "10.45.0.2")
            default: DemoDevice(name: "ws-\(number - 2)", role: "workstation", address: "10.45.1.\(number - 2)")
            }
        }
    }

    /// Runs until it is cancelled, or until `ready`, which is called once every device is connected, returns a status.
    /// - Returns: that status.
    func run(_ ready: @escaping @Sendable () async throws -> Int32?) async throws -> Int32? {
        let orchestrator = try NetworkOrchestrator(
            configuration: OrchestratorConfiguration(
                stateFolder: folder.state, host: "127.0.0.1", port: 0,
                policy: RolloutPolicy(drainBound: Self.drainBound), reportEvery: Self.reportEvery),
            logger: logger)
        return try await withThrowingTaskGroup(of: Int32?.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                try await orchestrator.run()
                return nil
            }
            group.addTask {
                try await self.play(orchestrator, ready)
            }
            // The first that ends well with a status, or fails, ends all.
            while let status = try await group.next() {
                if let status { return status }
                if Task.isCancelled { return nil }
            }
            return nil
        }
    }

    private func play(
        _ orchestrator: NetworkOrchestrator, _ ready: @escaping @Sendable () async throws -> Int32?
    ) async throws -> Int32? {
        let port = try await orchestrator.reachablePort(within: Self.patience)
        return try await withThrowingTaskGroup(of: Int32?.self) { group in
            defer { group.cancelAll() }
            for (number, device) in devices.enumerated() {
                let tap = SimulatedTap()
                let service = try await agent(device, orchestrator, port, tap)
                group.addTask {
                    try await service.run()
                    return nil
                }
                group.addTask {
                    try await DemoTraffic(tap: tap, seed: UInt64(number + 1)).run()
                    return nil
                }
            }
            group.addTask {
                try await self.settle(orchestrator)
                return try await ready()
            }
            while let status = try await group.next() { if let status { return status } }
            return nil
        }
    }

    private func agent(
        _ device: DemoDevice, _ orchestrator: NetworkOrchestrator, _ port: Int, _ tap: SimulatedTap
    ) async throws -> AgentService<SimulatedTap> {
        let answer = await orchestrator.answer(
            .createToken(TokenRequest(ttl: .seconds(600), labels: ["role": device.role])))
        guard case .token(let token) = answer else { throw answer.unexpected }
        var logger = logger
        logger[metadataKey: "device"] = "\(device.name)"
        return AgentService(
            AgentConfiguration(
                stateFolder: "\(folder.path)/\(device.name)", host: "127.0.0.1", port: port, token: token.token,
                name: device.name, addresses: [AddressBlock(device.address)].compactMap { $0 }, version: Build.version),
            tap: tap, logger: logger)
    }

    /// Waits until every device is connected.
    private func settle(_ orchestrator: NetworkOrchestrator) async throws {
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        while clock.now < end {
            if case .devices(let all) = await orchestrator.answer(.get(ResourceQuery(.devices))),
                all.count(where: { $0.link == .connected && $0.lastReport != nil }) == devices.count
            {
                return
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw CommandEnd.badInput("not every device was connected within \(Self.patience)")
    }
}

extension NetworkOrchestrator {
    /// Where agents reach it.
    /// - Throws: `CommandEnd`, when it listens nowhere within that time.
    fileprivate func reachablePort(within patience: Duration) async throws -> Int {
        let clock = ContinuousClock()
        let end = clock.now + patience
        while clock.now < end {
            if let port { return port }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw CommandEnd.badInput("the orchestrator did not come up within \(patience)")
    }
}
